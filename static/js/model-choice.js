/* <model-choice>: a page of the pipeline. Shows the numbers, tables and pictures of the model in the
   address (model=RUN, by default the best that was walked through), and takes it along to the other pages. */
"use strict";

{
  function fillTable(box, rows) {
    box.hidden = !rows;
    const made = (rows ?? []).map(([heading, ...cells]) => {
      const row = bakeoff.element("tr");
      row.append(bakeoff.element("th", { scope: "row" }, heading));
      row.append(...cells.map((cell) => bakeoff.element("td", {}, cell)));
      return row;
    });
    box.querySelector("tbody").replaceChildren(...made);
  }

  function fillPicture(image, picture) {
    image.hidden = !picture;
    if (!picture) return;
    image.width = picture.width * picture.scale;
    image.height = picture.height * picture.scale;
    image.classList.toggle("pixelated", picture.scale > 1);
    image.alt = picture.alt;
    image.src = bakeoff.href(picture.address);
  }

  function fillLink(link, address) {
    link.hidden = address === undefined;
    if (address !== undefined) link.href = bakeoff.href(address);
  }

  customElements.define("model-choice", class extends HTMLElement {
    connectedCallback() {
      bakeoff.followPlaces(this);
      this.select = this.querySelector(".choice select");
      this.status = this.querySelector(".choice [role=status]");
      this.shown = this.dataset.best;
      this.siblings = this.pagesBeside();
      this.select?.addEventListener("change", () => bakeoff.write({ model: this.select.value }));
      bakeoff.follow((state) => {
        bakeoff.keepPlace();
        this.show(state);
      });
    }

    /* Links to the other pages of the folder, each with the place that it leads to. */
    pagesBeside() {
      const folder = location.pathname.replace(/[^/]*$/, "");
      return [...this.querySelectorAll("a[href]:not([data-link])")]
        .filter((link) => link.pathname !== location.pathname && link.pathname.replace(/[^/]*$/, "") === folder)
        .map((link) => ({ link, at: link.hash.slice(1) }));
    }

    /* The one in the address if it was walked through, else the best that was. */
    asked(state) {
      const { best, runs } = this.dataset;
      const asked = state.get("model");
      return best && runs.split(" ").includes(asked) ? asked : best;
    }

    async show(state) {
      const model = this.asked(state);
      this.latest = state;
      try {
        if (model !== this.shown) {
          const values = await bakeoff.load(`pipeline/${model}`);
          if (this.latest !== state) return;
          this.fill(values);
          this.shown = model;
        }
        if (this.status) this.status.textContent = "";
      } catch (error) {
        if (this.latest !== state) return;
        this.status.textContent = bakeoff.incomplete(error);
      }
      if (this.select) this.select.value = this.shown;
      this.takeAlong();
      bakeoff.showPlace(state);
    }

    takeAlong() {
      const model = this.shown === this.dataset.best ? {} : { model: this.shown };
      for (const { link, at } of this.siblings) {
        link.hash = new URLSearchParams({ ...model, ...(at && { at }) });
      }
    }

    fill({ texts, rows, pictures, paths, links }) {
      const each = (kind, set) => {
        for (const part of this.querySelectorAll(`[data-${kind}]`)) set(part, part.dataset[kind]);
      };
      each("value", (part, name) => { part.textContent = texts[name]; });
      each("when", (part, name) => { part.hidden = !texts[name]; });
      each("rows", (part, name) => fillTable(part, rows[name]));
      each("picture", (part, name) => fillPicture(part, pictures[name]));
      each("path", (part, name) => part.setAttribute("d", paths[name] ?? ""));
      each("link", (part, name) => fillLink(part, links[name]));
    }
  });
}
