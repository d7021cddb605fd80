/* <trade-offs>: charts of accuracy against a cost, one shown at a time; the drawings made at build
   time, and the links below them, point at runs and select them. In the address: chart. */
"use strict";

{
  customElements.define("trade-offs", class extends HTMLElement {
    connectedCallback() {
      this.sections = [...this.querySelectorAll("section")];
      this.buttons = [...this.querySelectorAll(".tools button")];
      this.marks = [...this.querySelectorAll(".marks [data-run]")];
      this.readout = this.querySelector("[data-part=readout]");
      for (const button of this.buttons) {
        button.addEventListener("click", () => bakeoff.write({ chart: button.value }));
      }
      for (const kind of ["mouseover", "focusin"]) {
        this.addEventListener(kind, ({ target }) => {
          // What Plotly draws says itself what is pointed at.
          if (target.closest(".stills, figcaption")) bakeoff.point(runsAt(target));
        });
      }
      this.addEventListener("click", (event) => {
        const [run] = runsAt(event.target);
        if (!run || !bakeoff.isPlain(event)) return;
        event.preventDefault();
        bakeoff.write({ run });
      });
      for (const kind of ["mouseleave", "focusout"]) this.addEventListener(kind, () => bakeoff.point([]));
      bakeoff.onPoint((runs) => this.point(runs));
      bakeoff.follow((state) => this.show(state));
      this.classList.add("ready");
    }

    show(state) {
      const asked = this.buttons.find((button) => button.value === state.get("chart"));
      const { value } = asked ?? this.buttons[0];
      for (const button of this.buttons) button.setAttribute("aria-pressed", button.value === value);
      for (const section of this.sections) section.hidden = section.dataset.chart !== value;
      const selected = bakeoff.selectedRun(state);
      const left = bakeoff.runsLeft(state);
      for (const mark of this.marks) {
        const { run } = mark.dataset;
        mark.classList.toggle("selected", run === selected);
        mark.classList.toggle("out", !left.has(run));
      }
    }

    point(runs) {
      for (const mark of this.marks) mark.classList.toggle("pointed", runs.includes(mark.dataset.run));
      // The row of several seeds has the id of the first.
      const kind = runs.length > 1 ? "group" : "run";
      const row = runs.length && document.querySelector(`sortable-table tr[data-${kind}="${CSS.escape(runs[0])}"]`);
      this.readout.textContent = row ? row.querySelector("a, button").textContent.trim().replace(/\s+/g, " ") : "";
    }
  });

  function runsAt(target) {
    const run = target.closest("[data-run]")?.dataset.run;
    return run ? [run] : [];
  }
}
