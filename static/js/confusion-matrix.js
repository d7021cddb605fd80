/* <confusion-matrix>: the selected run's matrix, its headline numbers and its most confused pairs.
   The page as built shows the best run; this element draws the matrix, and follows the selection. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  customElements.define("confusion-matrix", class extends HTMLElement {
    static SVG_UP_TO = 60;

    connectedCallback() {
      this.mode = "row";
      this.parts = new Map();
      for (const part of this.querySelectorAll("[data-part]")) this.parts.set(part.dataset.part, part);
      this.makeStage();
      this.makeModes();
      this.parts.get("details")?.removeAttribute("open");
      bakeoff.follow((state) => this.show(bakeoff.selectedRun(state)));
      bakeoff.onTheme(() => this.draw());
      new ResizeObserver(() => this.drawIfWidthChanged()).observe(this.querySelector(".matrix-side"));
    }

    makeStage() {
      this.stage = bakeoff.element("div", {
        class: "stage", tabindex: "0", role: "application", "aria-describedby": "matrix-readout",
        "aria-label": "Confusion matrix. Arrow keys move from cell to cell, Escape leaves.",
      });
      this.scroller = bakeoff.element("div", { class: "scroll" });
      this.scroller.append(this.stage);
      this.readout = bakeoff.element("p", {
        class: "readout", id: "matrix-readout", "aria-live": "polite",
      });
      this.legend = bakeoff.element("div", { class: "legend" });
      const live = this.parts.get("live");
      live.append(this.scroller, this.readout, this.legend);
      live.hidden = false;
      this.stage.addEventListener("pointermove", (event) => this.point(event));
      this.stage.addEventListener("pointerdown", (event) => this.point(event));
      this.stage.addEventListener("pointerleave", () => this.leave());
      this.stage.addEventListener("keydown", (event) => this.move(event));
      this.stage.addEventListener("blur", () => this.leave());
    }

    makeModes() {
      const modes = this.parts.get("modes");
      const buttons = [...modes.querySelectorAll("button")];
      modes.hidden = false;
      for (const button of buttons) {
        button.addEventListener("click", () => {
          this.mode = button.dataset.mode;
          for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
          this.draw();
        });
      }
    }

    async show(run) {
      if (run === this.run) return;
      this.run = run;
      try {
        const [classes, shard] = await Promise.all([
          bakeoff.load("classes"), bakeoff.load(`matrix/${run}`),
        ]);
        // A later choice may have been loaded sooner.
        if (run === this.run) this.fill(classes, shard);
      } catch (error) {
        this.run = null;
        this.readout.textContent = `${error.message}: is the folder complete?`;
      }
    }

    fill(classes, shard) {
      this.classes = classes;
      this.shard = shard;
      this.cells = [];
      this.counts = new Map();
      this.rowSums = new Array(classes.length).fill(0);
      this.columnSums = new Array(classes.length).fill(0);
      this.largest = 1;
      for (let at = 0; at < shard.cells.length; at += 3) {
        const [target, prediction, count] = shard.cells.slice(at, at + 3);
        this.cells.push({ target, prediction, count });
        this.counts.set(target * classes.length + prediction, count);
        this.rowSums[target] += count;
        this.columnSums[prediction] += count;
        this.largest = Math.max(this.largest, count);
      }
      this.parts.get("name").textContent = `${shard.model}, ${shard.variant}`;
      this.fillFacts();
      this.fillPairs();
      this.fillTable();
      this.draw();
    }

    fillFacts() {
      this.parts.get("facts").replaceChildren(...this.shard.facts.flatMap(([label, text]) => [
        bakeoff.element("dt", {}, label), bakeoff.element("dd", {}, text),
      ]));
    }

    fillPairs() {
      const none = this.shard.pairs.length === 0;
      this.parts.get("no-pairs").hidden = !none;
      this.parts.get("pairs-table").hidden = none;
      this.parts.get("pairs").replaceChildren(...this.shard.pairs.map(
        ([target, prediction, count, share]) => {
          const row = bakeoff.element("tr");
          const arrow = bakeoff.element("td", {}, "→");
          arrow.append(bakeoff.element("span", { class: "hidden" }, " called"));
          row.append(
            bakeoff.element("td", {}, bakeoff.count(count)),
            bakeoff.element("td", {}, this.classes[target]),
            arrow,
            bakeoff.element("td", {}, this.classes[prediction]),
            bakeoff.element("td", {}, share),
          );
          return row;
        },
      ));
    }

    fillTable() {
      const rows = this.parts.get("table")?.tBodies[0].rows ?? [];
      for (const [target, row] of [...rows].entries()) {
        for (const [prediction, cell] of [...row.querySelectorAll("td")].entries()) {
          cell.textContent = bakeoff.count(this.count(target, prediction));
        }
      }
    }

    count(target, prediction) {
      return this.counts.get(target * this.classes.length + prediction) ?? 0;
    }

    drawIfWidthChanged() {
      if (this.scroller.clientWidth !== this.drawnWidth) this.draw();
    }

    draw() {
      if (!this.shard) return;
      this.drawnWidth = this.scroller.clientWidth;
      this.layout = bakeoff.matrixLayout(this.classes, this.drawnWidth);
      const draw = this.classes.length <= this.constructor.SVG_UP_TO
        ? bakeoff.drawMatrixSvg : bakeoff.drawMatrixCanvas;
      const depth = (target, prediction, count) =>
        bakeoff.matrixDepth(count / this.whole(target, prediction));
      const { cell, left, right, side, top } = this.layout;
      const layer = bakeoff.svg("svg", {
        class: "cursor-layer", width: left + side + right, height: top + side + 2, "aria-hidden": "true",
      });
      this.cursor = bakeoff.svg("rect", { class: "cursor", width: Math.max(cell, 4), height: Math.max(cell, 4) });
      layer.append(this.cursor);
      this.stage.replaceChildren(draw(this.layout, this.cells, depth), layer);
      this.fillLegend();
      this.leave();
    }

    /* What a cell is a share of. */
    whole(target, prediction) {
      if (this.mode === "row") return this.rowSums[target];
      return this.mode === "column" ? this.columnSums[prediction] : this.largest;
    }

    fillLegend() {
      const of = { row: "the row", column: "the column", count: "the largest cell" }[this.mode];
      this.legend.replaceChildren(
        swatches("right", "right"), swatches("wrong", "wrong"),
        bakeoff.element("span", {}, `1, 10, 25, 50 and 100 % of ${of}; no fill: none`),
      );
    }

    point(event) {
      if (!this.shard) return;
      const box = this.stage.getBoundingClientRect();
      const { cell, left, n, top } = this.layout;
      const prediction = Math.floor((event.clientX - box.left - left) / cell);
      const target = Math.floor((event.clientY - box.top - top) / cell);
      const inside = [target, prediction].every((index) => index >= 0 && index < n);
      if (inside) this.goTo(target, prediction);
      else this.leave();
    }

    move(event) {
      if (!this.shard) return;
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (event.key === "Escape") {
        this.stage.blur();
      } else if (Object.hasOwn(steps, event.key)) {
        event.preventDefault();
        const last = this.layout.n - 1;
        const [target, prediction] = (this.at ?? [0, 0]).map((place, axis) =>
          Math.min(Math.max(place + (this.at ? steps[event.key][axis] : 0), 0), last));
        this.goTo(target, prediction);
        this.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }

    goTo(target, prediction) {
      if (this.at?.[0] === target && this.at?.[1] === prediction) return;
      this.at = [target, prediction];
      this.cursor.setAttribute("x", this.layout.left + prediction * this.layout.cell);
      this.cursor.setAttribute("y", this.layout.top + target * this.layout.cell);
      this.cursor.removeAttribute("visibility");
      this.readout.textContent = this.inWords(target, prediction);
    }

    leave() {
      this.at = null;
      this.cursor?.setAttribute("visibility", "hidden");
      this.readout.textContent = "Rows are true classes, columns predictions. Point at a cell, or move with the arrow keys, to read it.";
    }

    inWords(target, prediction) {
      const n = this.count(target, prediction);
      const byColumn = this.mode === "column";
      const whole = byColumn ? this.columnSums[prediction] : this.rowSums[target];
      const of = whole ? ` (${bakeoff.share(n, whole)} of the ${byColumn ? "column" : "row"})` : "";
      const total = `${bakeoff.count(n)} of ${bakeoff.count(whole)} image${whole === 1 ? "" : "s"}`;
      return byColumn
        ? `${total} called “${this.classes[prediction]}” ${n === 1 ? "is" : "are"} “${this.classes[target]}”${of}`
        : `${total} of “${this.classes[target]}” ${n === 1 ? "was" : "were"} called “${this.classes[prediction]}”${of}`;
    }
  });

  /* Five squares of one hue, from pale to deep. */
  function swatches(kind, label) {
    const shares = [0.01, 0.1, 0.25, 0.5, 1];
    const key = bakeoff.element("span");
    const picture = bakeoff.svg("svg", { width: shares.length * 14, height: 12, "aria-hidden": "true" });
    picture.append(...shares.map((share, index) => bakeoff.svg("rect", {
      class: kind, x: index * 14, width: 12, height: 12,
      "fill-opacity": bakeoff.matrixDepth(share).toFixed(3),
    })));
    key.append(picture, ` ${label}`);
    return key;
  }
}
