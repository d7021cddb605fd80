/* <glossary-term>: a link to a term, and its definition, which shows beside the link while that is
   hovered or has the focus, and at the first tap. Escape hides it. See partials/glossary.html. */
"use strict";

{
  const GAP = 6;
  let made = 0;

  customElements.define("glossary-term", class extends HTMLElement {
    connectedCallback() {
      [this.link, this.tip] = this.children;
      this.tip.id = `definition-${made += 1}`;
      this.link.setAttribute("aria-describedby", this.tip.id);
      this.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.show());
      this.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hide());
      this.link.addEventListener("focus", () => this.show());
      this.link.addEventListener("blur", () => this.hide());
      // A finger gives the focus with its tap: whether the definition was there before decides.
      this.link.addEventListener("pointerdown", (event) => {
        this.reads = event.pointerType !== "mouse" && this.tip.hidden;
      });
      this.link.addEventListener("click", (event) => {
        if (!this.reads) return;
        event.preventDefault();
        this.reads = false;
        this.show();
      });
      this.keys = (event) => event.key === "Escape" && this.hide();
      // Focusing a term may itself scroll the page.
      this.moved = () => this.place();
    }

    show() {
      if (!this.tip.hidden) return;
      this.tip.hidden = false;
      this.place();
      document.addEventListener("keydown", this.keys);
      document.addEventListener("scroll", this.moved, { passive: true, capture: true });
    }

    hide() {
      this.tip.hidden = true;
      document.removeEventListener("keydown", this.keys);
      document.removeEventListener("scroll", this.moved, { capture: true });
    }

    /* Below the term, or above it where there is no room, and never beyond the window. */
    place() {
      const term = this.link.getClientRects()[0];
      const { width, height } = this.tip.getBoundingClientRect();
      const { clientWidth, clientHeight } = document.documentElement;
      const fits = term.bottom + GAP + height <= clientHeight;
      this.tip.style.left = `${Math.max(GAP, Math.min(term.left, clientWidth - width - GAP))}px`;
      this.tip.style.top = `${fits ? term.bottom + GAP : term.top - GAP - height}px`;
    }
  });
}
