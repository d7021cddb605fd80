/* <runs-filter>: narrows the tables of runs to those whose name holds the words typed, to a family
   and to a variant. In the address: find, family, variant. data-rows says which rows it counts. */
"use strict";

{
  customElements.define("runs-filter", class extends HTMLElement {
    connectedCallback() {
      this.fields = [...this.querySelectorAll("[name]")];
      this.count = this.querySelector("[data-part=count]");
      this.rows = [...document.querySelectorAll(this.dataset.rows)];
      for (const field of this.fields) {
        // Each letter typed is no step of the history; a choice is.
        const write = field.matches("select") ? bakeoff.write : bakeoff.replace;
        field.addEventListener("input", () => write({ [field.name]: field.value || null }));
      }
      this.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
      this.querySelector("[data-part=clear]").addEventListener("click", () => {
        // The button hides itself.
        this.fields[0].focus();
        bakeoff.write(Object.fromEntries(this.fields.map((field) => [field.name, null])));
      });
      bakeoff.follow((state) => this.show(state));
    }

    show(state) {
      for (const field of this.fields) {
        const value = state.get(field.name) ?? "";
        if (field !== document.activeElement || field.value.trim() !== value.trim()) field.value = value;
      }
      const left = this.rows.filter((row) => bakeoff.passes(row, state)).length;
      const all = this.rows.length;
      const filtered = this.fields.some((field) => state.get(field.name));
      this.count.textContent = filtered ? `${bakeoff.count(left)} of ${bakeoff.count(all)} runs` : "";
      this.querySelector("[data-part=clear]").hidden = !filtered;
    }
  });
}
