/* <sortable-table data-key>: a table that sorts by its headings. A heading with data-column sorts by
   the data-value of its cells; data-better says which way the best comes first. One with data-words
   sorts by the words in its cells. With Shift, a further column orders what the others leave equal.
   The order is in the address as KEY-sort=COLUMN.DIRECTION COLUMN.DIRECTION. Rows with data-under
   stay below the row that they follow, and are ordered among themselves. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const DIRECTIONS = ["ascending", "descending"];

  const BY_NUMBER = { read: (cell) => cell.dataset.value, less: (a, b) => a - b };
  const BY_WORDS = {
    read: (cell) => cell.textContent.trim(),
    // "seed 10" comes after "seed 9".
    less: (a, b) => a.localeCompare(b, document.documentElement.lang, { numeric: true }),
  };

  const keyOf = ({ dataset }) => dataset.column ?? dataset.words;
  const betterOf = ({ dataset }) => dataset.better ?? "ascending";

  customElements.define("sortable-table", class extends HTMLElement {
    connectedCallback() {
      this.body = this.querySelector("tbody");
      this.rows = [...this.body.rows];
      this.headings = [...this.querySelectorAll("th[data-column], th[data-words]")];
      this.initial = this.headings.find((heading) => heading.ariaSort) ?? null;
      this.said = bakeoff.element("p", { class: "hidden", "aria-live": "polite" });
      this.append(this.said);
      for (const heading of this.headings) this.makeButton(heading);
      this.asked = "";
      this.order = [];
      bakeoff.follow((state) => this.follow(state.get(`${this.dataset.key}-sort`) ?? ""));
    }

    /* Rows that are moved are laid out again, so none is moved for other changes of the address. */
    follow(asked) {
      if (asked === this.asked) return;
      this.asked = asked;
      this.order = this.known(asked);
      this.sort();
    }

    /* Takes rows that came later, as if they had been below the others from the start. */
    add(rows) {
      this.rows.push(...rows);
      this.sort();
    }

    makeButton(heading) {
      const button = bakeoff.element("button", { type: "button" });
      button.append(heading.firstElementChild);
      heading.append(button);
      button.addEventListener("click", (event) => this.choose(heading, event.shiftKey));
      // Not every browser tells in the click that Shift was held with the key.
      button.addEventListener("keydown", (event) => {
        if (event.shiftKey && ["Enter", " "].includes(event.key)) {
          event.preventDefault();
          this.choose(heading, true);
        }
      });
    }

    choose(heading, further) {
      const chosen = { heading, direction: this.next(heading, further) };
      const order = further ? withChoice(this.orderNow(), chosen) : [chosen];
      const text = order.map((entry) => `${keyOf(entry.heading)}.${entry.direction}`).join(" ");
      bakeoff.write({ [`${this.dataset.key}-sort`]: text || null });
    }

    /* The order that is seen, which may be that of the page as built. */
    orderNow() {
      if (this.order.length || !this.initial) return this.order;
      return [{ heading: this.initial, direction: betterOf(this.initial) }];
    }

    /* The way to sort next: the best first, then the other way round; a further column, then not. */
    next(heading, further) {
      const better = betterOf(heading);
      const now = this.orderNow().find((entry) => entry.heading === heading)?.direction;
      if (now !== better) return now && further ? null : better;
      return DIRECTIONS.find((direction) => direction !== better);
    }

    /* The columns and directions that an address names; what it names wrongly is left out. */
    known(text) {
      return text.split(" ").map((entry) => {
        const [column, direction] = entry.split(".");
        return { heading: this.headings.find((one) => keyOf(one) === column), direction };
      }).filter(({ heading, direction }) => heading && DIRECTIONS.includes(direction));
    }

    sort() {
      this.mark();
      const words = this.inWords();
      if (this.said.textContent !== words) this.said.textContent = words;
      const focused = document.activeElement;
      const kept = this.contains(focused);
      const groups = grouped(this.rows);
      const order = this.order.map(({ heading, direction }) => ({
        column: heading.cellIndex, direction, comparing: "words" in heading.dataset ? BY_WORDS : BY_NUMBER,
      }));
      groups.sort((a, b) => compare(a[0], b[0], order));
      for (const group of groups) group.push(...group.splice(1).sort((a, b) => compare(a, b, order)));
      this.body.append(...groups.flat());
      // Moving a row takes the focus from the link in it.
      if (kept) focused.focus({ preventScroll: true });
    }

    mark() {
      for (const heading of this.headings) {
        heading.removeAttribute("aria-sort");
        delete heading.dataset.place;
      }
      if (!this.order.length) this.initial?.setAttribute("aria-sort", betterOf(this.initial));
      this.order.forEach(({ heading, direction }, place) => {
        // A table has one order for those who hear it: the others are said when they change.
        if (place === 0) heading.setAttribute("aria-sort", direction);
        if (this.order.length > 1) Object.assign(heading.dataset, { place: place + 1, direction });
      });
    }

    inWords() {
      const columns = this.order.map(({ heading, direction }) =>
        `${heading.querySelector(".head").firstChild.textContent.trim()}, ${direction}`);
      return columns.length ? `Sorted by ${columns.join("; then by ")}` : "";
    }
  });

  /* An order with one more column, or with a column that it has sorted another way or not at all. */
  function withChoice(order, chosen) {
    const held = order.some(({ heading }) => heading === chosen.heading);
    const all = held
      ? order.map((entry) => (entry.heading === chosen.heading ? chosen : entry))
      : [...order, chosen];
    return all.filter(({ direction }) => direction);
  }

  /* Rows with those that belong under them. */
  function grouped(rows) {
    const groups = [];
    for (const row of rows) {
      if (row.dataset.under === undefined) groups.push([row]);
      else groups.at(-1).push(row);
    }
    return groups;
  }

  /* Two rows by several columns; missing values come last either way. */
  function compare(a, b, order) {
    for (const { column, comparing, direction } of order) {
      const [mine, its] = [a, b].map((row) => comparing.read(row.cells[column]));
      if (mine === its) continue;
      if (mine === "" || its === "") return mine === "" ? 1 : -1;
      const difference = comparing.less(mine, its);
      if (difference) return direction === "ascending" ? difference : -difference;
    }
    return 0;
  }
}
