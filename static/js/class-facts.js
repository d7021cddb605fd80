/* <class-facts>: how each run does on one class, and what it takes for what. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const N_CONFUSED = 3;
  const HEADINGS = ["Run", "Recall", "Precision", "Called instead", "Taken for it"];

  customElements.define("class-facts", class extends HTMLElement {
    async show(asked, about, classes) {
      this.hidden = asked.view !== "class";
      this.asked = asked;
      const key = `${asked.target} ${asked.run}`;
      // An image that is opened leaves the table as it is, where it is scrolled to too.
      if (this.hidden || key === this.shown) return;
      try {
        const shard = await bakeoff.load(`images/${asked.target}`);
        if (asked !== this.asked) return;
        this.shown = key;
        this.fill(shard, about, classes);
      } catch (error) {
        if (asked !== this.asked) return;
        this.shown = null;
        this.replaceChildren(bakeoff.element("p", { class: "note" }, bakeoff.incomplete(error)));
      }
    }

    fill(shard, about, classes) {
      // A hundred runs would push the images out of sight.
      const scroll = bakeoff.element("div", {
        class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Each run on this class",
      });
      scroll.append(this.table(shard, about, classes));
      const note = bakeoff.element("p", { class: "note" },
        "Recall: of the images of the class, those called so. Precision: of the images called so, those that are. A class leads to its images. ");
      const page = bakeoff.href(`classes/${this.asked.target}.html`);
      note.append(bakeoff.element("a", { href: page }, "All about this class"));
      const [focused, scrolled] = [this.contains(document.activeElement), this.firstElementChild?.scrollTop ?? 0];
      this.replaceChildren(scroll, note);
      scroll.scrollTop = scrolled;
      // Who chose a run stays on it.
      if (focused) this.querySelector("[aria-current] a")?.focus();
    }

    table(shard, about, classes) {
      const table = bakeoff.element("table", { class: "numbers", "aria-label": "Each run on this class" });
      const head = bakeoff.element("tr");
      head.append(...HEADINGS.map((text, place) =>
        bakeoff.element("th", { scope: "col", class: place > 2 ? "text" : "" }, text)));
      table.createTHead().append(head);
      const runs = [...about.answers, ...about.others];
      table.createTBody().append(...runs.map((run, index) => this.row(run, index, shard, about, classes)));
      return table;
    }

    row(run, index, shard, about, classes) {
      const { target } = this.asked;
      const row = bakeoff.element("tr", run.id === this.asked.run ? { "aria-current": "true" } : {});
      const name = bakeoff.element("th", { scope: "row" });
      name.append(bakeoff.element("a", { href: bakeoff.address({ run: run.id, image: null }) }, run.name));
      const instead = index < about.answers.length ? confused(shard.top[index], target) : [];
      row.append(
        name,
        rate(shard.hits[index], about.support[target]),
        rate(shard.hits[index], shard.chosen[index]),
        this.classes(instead.map(([other, n]) => [target, other, n]), 1, run.id, classes),
        this.classes(pairs(shard.taken[index]).map(([other, n]) => [other, target, n]), 0, run.id, classes),
      );
      return row;
    }

    /* cells: target, prediction, count; shown: which of the first two is named. */
    classes(cells, shown, run, classes) {
      const made = bakeoff.element("td", { class: "text" });
      cells.forEach((cell, place) => {
        const [target, prediction, n] = cell;
        const href = bakeoff.address({ view: "cell", run, target, prediction, image: null });
        made.append(place ? ", " : "", bakeoff.element("a", { href }, classes[cell[shown]]),
          `\u00a0${bakeoff.count(n)}`);
      });
      if (!cells.length) made.append("–");
      return made;
    }
  });

  /* hits of whole, in percent and in numbers; a dash where the whole is not known or nothing. */
  function rate(hits, whole) {
    const cell = bakeoff.element("td", {}, whole > 0 ? `${bakeoff.share(hits, whole)} ` : "–");
    if (whole > 0) {
      cell.append(bakeoff.element("small", {}, `${bakeoff.count(hits)} of ${bakeoff.count(whole)}`));
    }
    return cell;
  }

  function pairs(flat) {
    return Array.from({ length: flat.length / 2 }, (_, at) => flat.slice(2 * at, 2 * at + 2));
  }

  /* Other classes that images of this one were called, the most first. */
  function confused(top, target) {
    const counts = new Map();
    for (let at = 0; at < top.length; at += 6) {
      if (top[at] !== target) counts.set(top[at], (counts.get(top[at]) ?? 0) + 1);
    }
    return [...counts].sort(([a, n], [b, m]) => m - n || a - b).slice(0, N_CONFUSED);
  }
}
