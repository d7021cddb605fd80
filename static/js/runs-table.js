/* <runs-table>: around a <sortable-table> whose rows are runs. It selects a run, ticks two to compare,
   shows the rows that the filter leaves, folds seeds and says which run is pointed at. A row has
   data-run, or data-group if it stands for the runs below it that differ only in their seed; those
   have data-under. State in the address: run, pins, open, and the filter of <runs-filter>. */
"use strict";

{
  customElements.define("runs-table", class extends HTMLElement {
    connectedCallback() {
      this.body = this.querySelector("tbody");
      this.rows = [...this.body.rows];
      this.none = noMatch(this.querySelector("thead tr").cells.length);
      this.body.append(this.none);
      for (const row of this.rows) row.dataset.run ? addTick(row) : addFold(row);
      this.body.addEventListener("click", (event) => this.pick(event));
      this.body.addEventListener("keydown", (event) => this.move(event));
      for (const kind of ["mouseover", "focusin"]) {
        this.body.addEventListener(kind, (event) => {
          bakeoff.point(event.target.closest("tr").dataset.run ?? null);
        });
      }
      this.body.addEventListener("mouseleave", () => bakeoff.point(null));
      bakeoff.onPoint((run) => this.eachRow("pointed", (row) => run && row.dataset.run === run));
      bakeoff.follow((state) => this.show(state));
      this.classList.add("ready");
    }

    show(state) {
      const open = bakeoff.words(state, "open");
      const pins = bakeoff.words(state, "pins");
      const run = bakeoff.selectedRun(state);
      for (const row of this.rows) {
        const under = row.dataset.under;
        row.hidden = !bakeoff.passes(row, state) || (under !== undefined && !open.includes(under));
        if (row.dataset.run) mark(row, row.dataset.run === run, pins.includes(row.dataset.run));
        else row.querySelector("button").setAttribute("aria-expanded", open.includes(row.dataset.group));
      }
      this.none.hidden = this.rows.some((row) => !row.hidden);
      const chosen = this.rows.find((row) => row.dataset.run === run);
      this.eachRow("holds", (row) => row.dataset.group && row.dataset.group === chosen?.dataset.under);
    }

    eachRow(name, applies) {
      for (const row of this.rows) row.classList.toggle(name, Boolean(applies(row)));
    }

    pick(event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target.closest("input, button")) return;
      event.preventDefault();
      const { run } = event.target.closest("tr").dataset;
      if (run) bakeoff.write({ run });
      else event.target.closest("tr").querySelector("button").click();
    }

    move(event) {
      if (event.target.matches("input")) return;
      const rows = [...this.body.rows].filter((row) => !row.hidden && row !== this.none);
      const row = event.target.closest("tr");
      const place = rows.indexOf(row);
      const places = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
      if (event.key === " " && row.dataset.run) {
        event.preventDefault();
        bakeoff.write({ run: row.dataset.run });
      } else if (Object.hasOwn(places, event.key)) {
        event.preventDefault();
        rows[places[event.key]]?.querySelector("a, button").focus();
      }
    }
  });

  /* A box to tick; of three ticked runs the one ticked first gives way. */
  function addTick(row) {
    const { run } = row.dataset;
    const link = row.querySelector("a");
    const label = `Compare ${link.textContent.trim().replace(/\s+/g, " ")}`;
    const tick = bakeoff.element("input", { type: "checkbox", "aria-label": label, title: "Compare" });
    tick.addEventListener("change", () => {
      const others = bakeoff.words(bakeoff.read(), "pins").filter((pin) => pin !== run);
      const pins = tick.checked ? [...others.slice(-1), run] : others;
      bakeoff.write({ pins: pins.join(" ") || null });
    });
    link.before(tick);
  }

  function addFold(row) {
    const { group } = row.dataset;
    const button = bakeoff.element("button", { type: "button", class: "fold" });
    button.append(...row.cells[0].childNodes);
    row.cells[0].append(button);
    button.addEventListener("click", () => {
      const open = bakeoff.words(bakeoff.read(), "open");
      const others = open.filter((one) => one !== group);
      const now = open.includes(group) ? others : [...others, group];
      bakeoff.write({ open: now.join(" ") || null });
    });
  }

  /* What stands in place of rows where the filter leaves none. */
  function noMatch(nColumns) {
    const row = bakeoff.element("tr", { class: "none" });
    const cell = bakeoff.element("td", { colspan: nColumns }, "No run matches. ");
    const button = bakeoff.element("button", { type: "button" }, "Show all");
    button.addEventListener("click", () => bakeoff.write({ find: null, family: null, variant: null }));
    cell.append(button);
    row.append(cell);
    return row;
  }

  function mark(row, selected, pinned) {
    const link = row.querySelector("a");
    if (selected) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    row.querySelector("input").checked = pinned;
  }
}
