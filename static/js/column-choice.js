/* <column-choice>: boxes to tick, one for each column of the <sortable-table> that it stands in. In the
   address: KEY-columns=COLUMN COLUMN, where they are not those shown at first (without data-extra). */
"use strict";

{
  customElements.define("column-choice", class extends HTMLElement {
    connectedCallback() {
      const table = this.closest("sortable-table");
      this.key = `${table.dataset.key}-columns`;
      this.headings = [...table.querySelectorAll("th[data-column]")];
      this.rows = [...table.querySelectorAll("tr")];
      this.first = this.headings.filter((one) => !("extra" in one.dataset)).map((one) => one.dataset.column);
      this.boxes = this.headings.map((heading) => this.addBox(heading));
      // Focus that leaves, and Escape, close it as they close a menu.
      const details = this.querySelector("details");
      this.addEventListener("focusout", ({ relatedTarget }) => {
        if (relatedTarget && !this.contains(relatedTarget)) details.open = false;
      });
      this.addEventListener("keydown", ({ key }) => {
        if (key !== "Escape") return;
        details.open = false;
        this.querySelector("summary").focus();
      });
      document.addEventListener("pointerdown", ({ target }) => {
        if (!this.contains(target)) details.open = false;
      });
      bakeoff.follow((state) => this.show(state));
    }

    addBox(heading) {
      const box = bakeoff.element("input", { type: "checkbox", value: heading.dataset.column });
      const label = bakeoff.element("label", { title: heading.title });
      label.append(box, ` ${heading.querySelector(".head").firstChild.textContent.trim()}`);
      this.querySelector("[data-part=boxes]").append(label);
      box.addEventListener("change", () => this.write());
      return box;
    }

    write() {
      const chosen = this.boxes.filter((box) => box.checked).map((box) => box.value);
      const text = chosen.join(" ");
      bakeoff.write({ [this.key]: text === this.first.join(" ") ? null : text || "none" });
    }

    show(state) {
      const asked = bakeoff.words(state, this.key);
      const chosen = asked.length ? asked : this.first;
      this.headings.forEach((heading, place) => {
        this.boxes[place].checked = chosen.includes(heading.dataset.column);
        heading.hidden = !this.boxes[place].checked;
      });
      // Until the reader chooses, the stylesheet hides the extra columns: thousands of cells stay untouched.
      const shown = chosen.join(" ");
      if (shown === (this.shown ?? this.first.join(" "))) return;
      this.shown = shown;
      for (const heading of this.headings) this.showCells(heading);
      this.closest("runs-table").classList.add("chosen");
    }

    showCells(heading) {
      const columns = [heading.cellIndex];
      // The bars of a column come and go with it.
      if (heading.nextElementSibling?.matches(".bars")) columns.push(heading.cellIndex + 1);
      for (const row of this.rows) for (const column of columns) row.cells[column].hidden = heading.hidden;
    }
  });
}
