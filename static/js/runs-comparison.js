/* <runs-comparison>: two ticked runs side by side: the columns that the tables show, the paired test of
   their accuracies, the images that only one gets right, and how many times the cost. What needs a
   test comes from the shard pairs/RUN, everything else from the tables. In the address: pins. Where there
   is little room only the sentence is shown at first, since it lies over the tables. */
"use strict";

{
  const ROOMY = matchMedia("(min-width: 40rem)");

  customElements.define("runs-comparison", class extends HTMLElement {
    connectedCallback() {
      this.said = bakeoff.element("p", { class: "note", "aria-live": "polite" });
      this.box = bakeoff.element("div", { class: "scroll" });
      this.fold = bakeoff.element("button", { type: "button" }, "Numbers");
      this.fold.addEventListener("click", () => this.open(this.box.hidden));
      const close = bakeoff.element("button", { type: "button" }, "Close");
      close.addEventListener("click", () => {
        // All this goes; the first tick is where one goes on.
        const [first] = bakeoff.words(bakeoff.read(), "pins");
        rowOf("performance", first)?.querySelector("input").focus();
        bakeoff.write({ pins: null });
      });
      const top = bakeoff.element("div", { class: "top" });
      top.append(this.said, this.fold, close);
      this.append(top, this.box);
      this.open(ROOMY.matches);
      ROOMY.addEventListener("change", () => this.open(ROOMY.matches));
      this.setAttribute("role", "region");
      this.setAttribute("aria-label", "Two runs compared");
      bakeoff.follow((state) => this.show(state));
    }

    open(isOpen) {
      this.box.hidden = !isOpen;
      this.fold.setAttribute("aria-expanded", isOpen);
    }

    async show(state) {
      const ticked = new Set(bakeoff.words(state, "pins"));
      const pins = [...ticked].filter((run) => rowOf("performance", run)).slice(0, 2);
      this.shown = pins.join(" ");
      this.hidden = !pins.length;
      this.fold.hidden = pins.length < 2;
      if (pins.length < 2) {
        this.box.replaceChildren();
        this.said.textContent = pins.length ? `${nameOf(pins[0])}: tick a second run to compare the two.` : "";
        return;
      }
      try {
        const { columns, others } = await bakeoff.load(`pairs/${pins[0]}`);
        // Another two may have been ticked in the meantime.
        if (this.shown === pins.join(" ")) this.fill(pins, columns, others[pins[1]]);
      } catch (error) {
        if (this.shown !== pins.join(" ")) return;
        this.box.replaceChildren();
        this.said.textContent = bakeoff.incomplete(error);
      }
    }

    fill(pins, columns, [difference, verdict, only, ratios]) {
      const table = bakeoff.element("table", { class: "pair", "aria-label": "Two runs compared" });
      table.append(head(pins));
      const body = table.createTBody();
      body.append(line("Accuracy", ...pins.map((run) => numberOf("performance", run, "accuracy")), difference));
      if (only) body.append(line("Images only this one gets right", ...only.map((n, place) => imagesOf(n, pins, place))));
      for (const [key, label] of shownColumns("performance")) {
        if (key !== "accuracy") body.append(line(label, ...pins.map((run) => numberOf("performance", run, key))));
      }
      for (const [key, label] of shownColumns("resources")) {
        const ratio = ratios[columns.indexOf(key)];
        body.append(line(label, ...pins.map((run) => numberOf("resources", run, key)), ratio));
      }
      this.box.replaceChildren(table);
      this.said.textContent = `${pins.map(nameOf).join(" against ")}: ${difference} of accuracy; ${verdict}.`;
    }
  });

  function rowOf(table, run) {
    return [...document.querySelectorAll(`sortable-table[data-key=${table}] tr[data-run]`)]
      .find((row) => row.dataset.run === run);
  }

  function nameOf(run) {
    return rowOf("performance", run).querySelector("a").textContent.trim().replace(/\s+/g, " ");
  }

  function headingsOf(table) {
    return [...document.querySelectorAll(`sortable-table[data-key=${table}] th[data-column]`)];
  }

  /* Key and label of the columns that a table shows now. */
  function shownColumns(table) {
    return headingsOf(table).filter((heading) => !heading.hidden).map((heading) => [
      heading.dataset.column, heading.querySelector(".head").firstChild.textContent.trim(),
    ]);
  }

  function numberOf(table, run, column) {
    const heading = headingsOf(table).find((one) => one.dataset.column === column);
    const cell = rowOf(table, run).cells[heading.cellIndex];
    const detail = cell.querySelector("small");
    // The number is first: as text, or in bold where it is the best.
    return [cell.firstChild.textContent.trim(), detail ? ` (${detail.textContent})` : ""].join("");
  }

  function head(pins) {
    const made = bakeoff.element("thead");
    const row = made.insertRow();
    row.append(bakeoff.element("td"));
    for (const run of pins) {
      const cell = bakeoff.element("th", { scope: "col" });
      cell.append(bakeoff.element("a", { href: bakeoff.href(`runs/${run}.html`) }, nameOf(run)));
      row.append(cell);
    }
    row.append(bakeoff.element("th", { scope: "col" }, "First against second"));
    return made;
  }

  /* How many images only one of two runs gets right, with a link to them. */
  function imagesOf(n, pins, place) {
    const [run, other] = [pins[place], pins[1 - place]];
    if (!n) return bakeoff.count(n);
    const href = bakeoff.href(`errors.html#view=pair&run=${run}&other=${other}`);
    const link = bakeoff.element("a", { href }, bakeoff.count(n));
    link.append(bakeoff.element("span", { class: "hidden" }, ", show the images"));
    return link;
  }

  /* label, then what the cells hold: texts or elements. */
  function line(label, first, second, compared = "") {
    const row = bakeoff.element("tr");
    row.append(bakeoff.element("th", { scope: "row" }, label));
    for (const content of [first, second, compared]) row.insertCell().append(content);
    return row;
  }
}
