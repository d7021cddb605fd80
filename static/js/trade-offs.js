/* <trade-offs>: charts of accuracy against a cost, one shown at a time; the drawings made at build
   time point at runs and select them. In the address: chart. */
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
      this.addEventListener("mouseover", ({ target }) => {
        if (target.closest(".stills")) bakeoff.point(target.dataset.run ?? null);
      });
      this.addEventListener("click", ({ target }) => {
        if (target.closest(".marks") && target.dataset.run) bakeoff.write({ run: target.dataset.run });
      });
      this.addEventListener("mouseleave", () => bakeoff.point(null));
      bakeoff.onPoint((run) => this.point(run));
      bakeoff.follow((state) => this.show(state));
      this.classList.add("ready");
    }

    show(state) {
      const asked = this.buttons.find((button) => button.value === state.get("chart"));
      const { value } = asked ?? this.buttons[0];
      for (const button of this.buttons) button.setAttribute("aria-pressed", button.value === value);
      for (const section of this.sections) section.hidden = section.dataset.chart !== value;
      const run = bakeoff.selectedRun(state);
      for (const mark of this.marks) mark.classList.toggle("selected", mark.dataset.run === run);
    }

    point(run) {
      for (const mark of this.marks) mark.classList.toggle("pointed", mark.dataset.run === run);
      const row = run && document.querySelector(`sortable-table tr[data-run="${CSS.escape(run)}"] a`);
      this.readout.textContent = row ? row.textContent.trim().replace(/\s+/g, " ") : "";
    }
  });
}
