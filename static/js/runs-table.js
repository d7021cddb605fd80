/* <runs-table>: around a <sortable-table> whose rows are runs. It selects a run, ticks two to compare,
   shows the rows that the filter leaves, folds seeds and says which runs are pointed at. A row has
   data-run, or data-group if it stands for the runs below it that differ only in their seed; those
   have data-under. State in the address: run, pins, open, and the filter of <runs-filter>. */
"use strict";

{
  customElements.define("runs-table", class extends HTMLElement {
    connectedCallback() {
      this.body = this.querySelector("tbody");
      this.rows = [...this.body.rows];
      this.members = membersOf(this.rows);
      this.none = noMatch(this.querySelector("thead tr").cells.length);
      this.body.append(this.none);
      for (const row of this.rows) row.dataset.run ? addTick(row) : addFold(row);
      this.body.addEventListener("click", (event) => this.pick(event));
      this.body.addEventListener("keydown", (event) => this.move(event));
      for (const kind of ["mouseover", "focusin"]) {
        this.body.addEventListener(kind, ({ target }) => bakeoff.point(this.runsOf(target.closest("tr"))));
      }
      for (const kind of ["mouseleave", "focusout"]) this.body.addEventListener(kind, () => bakeoff.point([]));
      // A row of several seeds is pointed at with any of them: they may be folded into it.
      bakeoff.onPoint((runs) => {
        this.eachRow("pointed", (row) => this.runsOf(row).some((run) => runs.includes(run)));
      });
      bakeoff.follow((state) => this.show(state));
      this.classList.add("ready");
    }

    /* The run of a row, or those that it stands for. */
    runsOf(row) {
      if (row.dataset.run) return [row.dataset.run];
      return (this.members.get(row) ?? []).map((member) => member.dataset.run);
    }

    show(state) {
      const pins = bakeoff.words(state, "pins");
      const run = bakeoff.selectedRun(state);
      for (const row of this.rows) {
        if (!row.dataset.run) continue;
        row.hidden = !bakeoff.passes(row, state);
        mark(row, row.dataset.run === run, pins.includes(row.dataset.run));
      }
      for (const [row, members] of this.members) fold(row, members, state);
      this.none.hidden = this.rows.some((row) => !row.hidden);
      this.eachRow("holds", (row) => row.dataset.group && this.runsOf(row).includes(run));
      // Not on a page that has just been opened, where no run was picked: it would cost a layout.
      if (run !== this.run && state.has("run")) this.reveal(run);
      this.run = run;
    }

    eachRow(name, applies) {
      for (const row of this.rows) row.classList.toggle(name, Boolean(applies(row)));
    }

    /* Scrolls the rows, not the page, the least that brings a run below the headings into view. */
    reveal(run) {
      // The last of those that are shown: folded, the row that it is part of.
      const row = this.rows.filter((one) => !one.hidden && this.runsOf(one).includes(run)).at(-1);
      if (!row) return;
      const box = this.querySelector(".scroll");
      const above = row.offsetTop - this.querySelector("thead").offsetHeight;
      const below = row.offsetTop + row.offsetHeight - box.clientHeight;
      box.scrollTop = Math.max(Math.min(box.scrollTop, above), below);
    }

    pick(event) {
      if (!bakeoff.isPlain(event) || event.target.closest("input, button")) return;
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

  /* Each row that stands for several seeds, with the rows of these. */
  function membersOf(rows) {
    const groups = rows.filter((row) => row.dataset.group);
    return new Map(groups.map((group) => [
      group, rows.filter((row) => row.dataset.under === group.dataset.group),
    ]));
  }

  /* Shows a row of means if one of its runs is left, and its runs if it is open or if only they have
     the words looked for. */
  function fold(row, members, state) {
    const open = bakeoff.words(state, "open").includes(row.dataset.group) || !bakeoff.passes(row, state);
    row.hidden = members.every((member) => member.hidden);
    if (!open) for (const member of members) member.hidden = true;
    row.querySelector("button").setAttribute("aria-expanded", open);
  }

  /* A box to tick; of three ticked runs the one ticked first gives way. */
  function addTick(row) {
    const { run } = row.dataset;
    const label = `Compare ${bakeoff.nameIn(row)}`;
    const tick = bakeoff.element("input", { type: "checkbox", "aria-label": label, title: "Compare" });
    tick.addEventListener("change", () => {
      const others = bakeoff.words(bakeoff.read(), "pins").filter((pin) => pin !== run);
      const pins = tick.checked ? [...others.slice(-1), run] : others;
      bakeoff.write({ pins: pins.join(" ") || null });
    });
    row.querySelector("a").before(tick);
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
    // The button goes with the row; what was typed is where one goes on.
    button.addEventListener("click", () => {
      document.querySelector("runs-filter [name=find]").focus();
      bakeoff.write({ find: null, family: null, variant: null });
    });
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
