/* <sortable-table data-key>: a table of runs that sorts by its headings and selects a run.
   A heading with data-column sorts by the data-value of its cells; data-better says which way the
   best comes first. The order is in the address as KEY-sort=COLUMN.DIRECTION. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  customElements.define("sortable-table", class extends HTMLElement {
    connectedCallback() {
      this.body = this.querySelector("tbody");
      this.rows = [...this.body.rows];
      this.headings = [...this.querySelectorAll("th[data-column]")];
      this.initial = this.headings.find((heading) => heading.ariaSort) ?? null;
      for (const heading of this.headings) this.makeButton(heading);
      this.body.addEventListener("click", (event) => this.pick(event));
      this.body.addEventListener("keydown", (event) => this.move(event));
      this.classList.add("ready");
      bakeoff.follow((state) => {
        this.sortBy(state.get(`${this.dataset.key}-sort`));
        this.mark(bakeoff.selectedRun(state));
      });
    }

    makeButton(heading) {
      const button = bakeoff.element("button", { type: "button" });
      button.append(heading.firstElementChild);
      heading.append(button);
      button.addEventListener("click", () => {
        bakeoff.write({ [`${this.dataset.key}-sort`]: `${heading.dataset.column}.${next(heading)}` });
      });
    }

    /* order: COLUMN.DIRECTION; anything else gives the order of the page as built. */
    sortBy(order) {
      const [column, direction] = (order ?? "").split(".");
      const heading = this.headings.find((candidate) => candidate.dataset.column === column);
      const known = heading && ["ascending", "descending"].includes(direction);
      for (const other of this.headings) other.removeAttribute("aria-sort");
      if (known) heading.setAttribute("aria-sort", direction);
      else this.initial?.setAttribute("aria-sort", this.initial.dataset.better);
      const focused = document.activeElement;
      this.body.append(...(known ? sorted(this.rows, heading.cellIndex, direction) : this.rows));
      // Moving a row takes the focus from the link in it.
      if (this.contains(focused)) focused.focus({ preventScroll: true });
    }

    mark(run) {
      for (const row of this.rows) {
        const link = row.querySelector("a");
        if (row.dataset.run === run) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }

    pick(event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      bakeoff.write({ run: event.target.closest("tr").dataset.run });
    }

    move(event) {
      const rows = [...this.body.rows];
      const place = rows.indexOf(event.target.closest("tr"));
      const places = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
      if (event.key === " ") {
        event.preventDefault();
        bakeoff.write({ run: rows[place].dataset.run });
      } else if (Object.hasOwn(places, event.key)) {
        event.preventDefault();
        rows[places[event.key]]?.querySelector("a").focus();
      }
    }
  });

  /* The way to sort next: the best first, then the other way round. */
  function next(heading) {
    const { better } = heading.dataset;
    if (heading.getAttribute("aria-sort") !== better) return better;
    return better === "ascending" ? "descending" : "ascending";
  }

  /* Rows by a column; equal ones stay in order, missing ones come last either way. */
  function sorted(rows, column, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    const value = (row) => row.cells[column].dataset.value;
    const present = rows.filter((row) => value(row) !== "");
    const missing = rows.filter((row) => value(row) === "");
    return [...present.sort((a, b) => sign * (value(a) - value(b))), ...missing];
  }
}
