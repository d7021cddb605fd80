/* <linked-lines>: charts with a line for each run, and a table with a row for each. The row that is
   pointed at or has the focus, or else the run in the address, has its lines brought out. */
"use strict";

{
  customElements.define("linked-lines", class extends HTMLElement {
    connectedCallback() {
      this.lines = [...this.querySelectorAll(".line[data-run]")];
      this.charts = this.querySelector(".charts");
      const body = this.querySelector("tbody");
      for (const type of ["pointerover", "focusin"]) {
        body.addEventListener(type, (event) => this.bringOut(event.target.closest("tr")?.dataset.run));
      }
      for (const type of ["pointerleave", "focusout"]) {
        body.addEventListener(type, () => this.bringOut(this.chosen));
      }
      bakeoff.follow((state) => {
        this.chosen = state.get("run");
        this.bringOut(this.chosen);
      });
    }

    bringOut(run) {
      const found = this.lines.filter((line) => line.dataset.run === run);
      for (const line of this.lines) line.classList.toggle("on", found.includes(line));
      this.charts.classList.toggle("some", found.length > 0);
    }
  });
}
