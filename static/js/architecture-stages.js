/* <architecture-stages>: a network's stages as drawn; the one that is pointed at or has the focus is
   read out below in a line of text. */
"use strict";

{
  customElements.define("architecture-stages", class extends HTMLElement {
    connectedCallback() {
      this.readout = this.querySelector("[data-part=readout]");
      this.idle = this.readout.textContent;
      const drawing = this.querySelector("svg");
      for (const type of ["pointerover", "focusin"]) {
        drawing.addEventListener(type, (event) => this.read(event.target.closest("a, g")));
      }
      for (const type of ["pointerleave", "focusout"]) {
        drawing.addEventListener(type, () => this.read(drawing.querySelector(":focus")));
      }
    }

    read(block) {
      this.readout.textContent = block ? this.words(block) : this.idle;
    }

    words(block) {
      const title = block.querySelector("title").textContent;
      return block.matches("a") ? `${title}. A click shows its feature maps.` : title;
    }
  });
}
