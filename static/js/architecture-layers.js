/* <architecture-layers data-shard>: the layers of each stage of a network, folded. The layer that is
   pointed at in a drawing, or that the arrow keys lead to, is marked there and in the table, and
   read out between them. With data-shard a stage is drawn, and its table filled, when it is opened. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  customElements.define("architecture-layers", class extends HTMLElement {
    connectedCallback() {
      this.hint = this.querySelector("[data-part=readout]")?.textContent;
      this.querySelectorAll("details").forEach((stage, place) => {
        if (this.dataset.shard) stage.addEventListener("toggle", () => stage.open && this.fill(stage, place));
        else new bakeoff.StageDrawing(stage);
      });
    }

    async fill(stage, place) {
      const body = stage.querySelector("tbody");
      if (body.rows.length) return;
      const readout = stage.querySelector("[data-part=readout]");
      // What was said of a failure is over.
      readout.textContent = this.hint;
      try {
        const stages = await bakeoff.load(this.dataset.shard);
        if (body.rows.length) return;
        const { rows, drawing } = stages[place];
        body.append(...rows.map(row));
        stage.querySelector("[data-part=drawing]").append(picture(drawing));
        new bakeoff.StageDrawing(stage);
        this.closest("architecture-pair").carry(bakeoff.read().get("image"));
      } catch (error) {
        readout.textContent = bakeoff.incomplete(error);
      }
    }
  });

  /* Layers drawn as partials/network.html does. */
  function picture({ canvas: { box, width, height }, edges, arcs, outlines }) {
    const made = bakeoff.svg("svg", { class: "stage-drawing", viewBox: box, width, height, "data-edges": edges });
    made.append(...arcs.map(({ kind, path }) => bakeoff.svg("path", { class: `arcs arcs-${kind}`, d: path })),
      ...outlines.map(({ type, path }) => bakeoff.svg("path", { class: `type-${type}`, d: path })));
    return made;
  }

  /* A row as partials/network.html writes it. */
  function row([type, address, name, ...texts]) {
    const made = bakeoff.element("tr");
    const heading = bakeoff.element("th", { scope: "row", class: `type-${type}` });
    heading.append(address ? bakeoff.element("a", { href: address }, name) : name);
    made.append(heading,
      ...texts.map((text, place) => bakeoff.element("td", place < 2 ? { class: "text" } : {}, text)));
    return made;
  }
}
