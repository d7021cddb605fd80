/* <chosen-run role=status>: far from the confusion matrix, says that a run that was picked in the
   element around it is shown there, with a link. */
"use strict";

{
  customElements.define("chosen-run", class extends HTMLElement {
    connectedCallback() {
      this.run = bakeoff.selectedRun(bakeoff.read());
      bakeoff.follow((state) => this.show(state));
    }

    show(state) {
      const run = bakeoff.selectedRun(state);
      if (run === this.run) return;
      this.run = run;
      this.replaceChildren();
      // What was picked elsewhere is said elsewhere.
      if (!this.parentElement.matches(":hover, :focus-within")) return;
      const row = document.querySelector(`sortable-table tr[data-run="${CSS.escape(run)}"]`);
      const link = bakeoff.element("a", { href: bakeoff.address({ run }) }, "confusion matrix");
      link.addEventListener("click", (event) => {
        if (!bakeoff.isPlain(event)) return;
        event.preventDefault();
        goToMatrix();
      });
      this.append(`${bakeoff.nameIn(row)} is chosen: to its `, link);
    }
  });

  function goToMatrix() {
    const heading = document.querySelector("confusion-matrix h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
  }
}
