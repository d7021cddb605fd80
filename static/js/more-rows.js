/* <more-rows data-shard data-whole>: in a <sortable-table>, a button that fetches the rows that are not in the
   page. Each row of the shard is [class, [[text, order, interval or reason], ...], remark]; the last number is that
   of its images. Sorting fetches them too, since an order of some of the rows only would mislead. */
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
        const like = ["th a", "td a"].map((link) =>
          this.table.querySelector(`tbody ${link}`)?.getAttribute("href"));
        const added = rows.map((row) => made(row, names, like));
        this.table.add(added);
        this.table.nextElementSibling.querySelector("[data-part=shown]").textContent = this.dataset.whole;
        // Who pressed the button, which goes, is led to what it brought.
        if (this.contains(document.activeElement)) added[0].querySelector("a").focus();
        this.remove();
      } catch (error) {
        this.filling = false;
        this.querySelector("[role=status]").textContent = bakeoff.incomplete(error);
      }
    }
  });

  /* like: addresses of the page and of the images of another class; no second one where they are not known. */
  function made([target, cells, remark], names, [page, images]) {
    const row = bakeoff.element("tr");
    const heading = bakeoff.element("th", { scope: "row" });
    const href = page.replace(/\d+(?=\.html$)/, target);
    heading.append(bakeoff.element("a", { href }, names[target]));
    row.append(heading, ...cells.map(number));
    if (images) lead(row.lastElementChild, images.replace(/\d+$/, target), names[target]);
    row.append(bakeoff.element("td", { class: "text" }, remark));
    return row;
  }

  function number([text, order, interval]) {
    const cell = bakeoff.element("td", { "data-value": order }, text);
    if (interval) cell.append(" ", bakeoff.element("small", {}, interval));
    return cell;
  }

  function lead(cell, href, name) {
    const text = cell.textContent;
    cell.replaceChildren(bakeoff.element("a", { href, "aria-label": `${text}, the images of ${name}` }, text));
  }
}
