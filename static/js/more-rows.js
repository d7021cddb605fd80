/* <more-rows data-shard data-whole>: in a <sortable-table>, a button that fetches the rows that are not in the
   page. Each row of the shard is [class, [[text, order, interval or reason], ...], remark]. Sorting fetches
   them too, since an order of some of the rows only would mislead. */
"use strict";

{
  customElements.define("more-rows", class extends HTMLElement {
    connectedCallback() {
      this.hidden = false;
      this.table = this.closest("sortable-table");
      this.querySelector("button").addEventListener("click", () => this.fill());
      bakeoff.follow((state) => {
        if (state.has(`${this.table.dataset.key}-sort`)) this.fill();
      });
    }

    async fill() {
      if (this.filling) return;
      this.filling = true;
      try {
        const [names, rows] = await Promise.all([
          bakeoff.load("classes"), bakeoff.load(this.dataset.shard),
        ]);
        const page = this.table.querySelector("tbody a").getAttribute("href").split("#")[0];
        this.table.add(rows.map((row) => made(row, names, page)));
        this.table.nextElementSibling.querySelector("[data-part=shown]").textContent = this.dataset.whole;
        this.remove();
      } catch (error) {
        this.filling = false;
        this.querySelector("[role=status]").textContent = bakeoff.incomplete(error);
      }
    }
  });

  function made([target, cells, remark], names, page) {
    const row = bakeoff.element("tr");
    const heading = bakeoff.element("th", { scope: "row" });
    const href = `${page}#view=class&target=${target}`;
    heading.append(bakeoff.element("a", { href }, names[target]));
    row.append(heading);
    for (const [text, order, interval] of cells) {
      const cell = bakeoff.element("td", { "data-value": order }, text);
      if (interval) cell.append(" ", bakeoff.element("small", {}, interval));
      row.append(cell);
    }
    row.append(bakeoff.element("td", { class: "text" }, remark));
    return row;
  }
}
