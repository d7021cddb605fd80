/* <confusion-matrix>: a run's matrix, its headline numbers and its most confused pairs, alone or with
   a second run's. The page as built shows one run; this element draws the matrix and follows the
   choices in the address. With data-run it keeps to that run, else it follows the selected one. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const MANY = 12;
  const READABLE_PX = 44;

  customElements.define("confusion-matrix", class extends HTMLElement {
    connectedCallback() {
      this.parts = new Map();
      for (const part of this.querySelectorAll("[data-part]")) this.parts.set(part.dataset.part, part);
      this.readControls = bakeoff.matrixControls(this);
      this.pairs = new bakeoff.MatrixPairs(this.parts);
      this.table = new bakeoff.MatrixTable(this.parts);
      this.panels = [];
      this.zoom = 1;
      this.listen();
      this.parts.get("live").hidden = false;
      bakeoff.follow((address) => this.follow(address));
      bakeoff.onTheme(() => this.draw());
      new ResizeObserver(() => this.drawIfWidthChanged()).observe(this.parts.get("panels"));
    }

    listen() {
      const zooms = { "zoom-in": 1.5, "zoom-out": 1 / 1.5, "zoom-reset": 0 };
      for (const [name, factor] of Object.entries(zooms)) {
        this.parts.get(name).addEventListener("click", () => this.zoomBy(factor));
      }
    }

    /* Loads what the address asks for and shows it. */
    async follow(address) {
      const run = this.dataset.run ?? bakeoff.selectedRun(address);
      const state = this.readControls(address);
      state.closed = new Set((address.get("matrix-closed") ?? "").split(".").filter(Boolean).map(Number));
      const ids = state.against && state.against !== run ? [run, state.against] : [run];
      const asked = JSON.stringify([ids, state, [...state.closed]]);
      if (asked === this.asked) return;
      this.asked = asked;
      try {
        const [classes, orders, ...shards] = await Promise.all(
          ["classes", "orders", ...ids.map((id) => `matrix/${id}`)].map((name) => bakeoff.load(name)),
        );
        // A later choice may have been loaded sooner.
        if (asked !== this.asked) return;
        Object.assign(this, { classes, orders, state });
        this.show(ids.map((id, index) => bakeoff.matrixRun(id, shards[index], classes.length)));
      } catch (error) {
        this.asked = null;
        this.parts.get("readout").textContent = bakeoff.incomplete(error);
      }
    }

    show(runs) {
      this.runs = runs;
      bakeoff.matrixFacts(this.parts.get("facts"), runs);
      const { absent } = runs[0].shard;
      for (const name of ["controls", "drawn", "confused"]) this.parts.get(name).hidden = Boolean(absent);
      this.parts.get("absent").hidden = !absent;
      this.parts.get("absent").textContent = absent ?? "";
      this.parts.get("name").textContent = runs[0].name;
      if (absent) this.views = null;
      else this.fill();
    }

    fill() {
      const { classes, orders, runs, state } = this;
      const matrices = runs.map(({ matrix }) => matrix);
      const groups = bakeoff.matrixGroups(classes, orders, matrices, state);
      if (groups.length !== this.groups?.length) this.zoom = 1;
      this.groups = groups;
      this.views = matrices.map((matrix) => bakeoff.matrixView(groups, matrix));
      this.difference = runs.length === 2 && state.pair === "difference";
      this.fillHeading();
      bakeoff.matrixBlocks(this.parts.get("blocks"), orders, state);
      this.pairs.show(classes, runs);
      this.table.show(groups, (row, column) => this.numberAt(row, column), this.titles()[0]);
      this.classList.toggle("side-by-side", runs.length === 2 && !this.difference);
      this.draw();
    }

    /* What each picture is of. */
    titles() {
      const names = this.runs.map(({ name }) => name);
      return this.difference ? [names.join(" minus ")] : names;
    }

    fillHeading() {
      const { runs } = this;
      this.parts.get("name").textContent = this.titles().join(" and ");
      this.parts.get("page")?.setAttribute("href", bakeoff.href(`runs/${runs[0].id}.html`));
      this.parts.get("pairing").hidden = runs.length === 1;
      for (const option of this.parts.get("against").options) option.disabled = option.value === runs[0].id;
    }

    numberAt(row, column) {
      const [first, second] = this.views.map((view) => view.at(row, column).count);
      return this.difference ? bakeoff.matrixNumber(first - second, true) || "0" : bakeoff.count(first);
    }

    drawIfWidthChanged() {
      const width = this.parts.get("panels").clientWidth;
      // A window that is closing has none.
      if (width && width !== this.drawnWidth) this.draw();
    }

    draw() {
      if (!this.views) return;
      const { state, views } = this;
      const names = this.runs.map(({ name }) => name);
      const titles = this.titles();
      const scale = bakeoff.matrixScales[state.scale];
      const painted = bakeoff.matrixPaint(views, state);
      this.makePanels(painted.length);
      this.drawnWidth = this.parts.get("panels").clientWidth;
      this.base = bakeoff.matrixLayout.base(this.groups, this.panels[0].element.clientWidth);
      for (const [index, panel] of this.panels.entries()) {
        panel.show(titles[index], painted[index], scale, this.base, this.zoom);
        panel.title.hidden = this.panels.length === 1;
      }
      this.parts.get("zoom").hidden = this.groups.length <= MANY;
      this.legend = () => bakeoff.matrixLegend(painted[0], state, scale, names, this.panels[0].layout.cell);
      this.parts.get("legend").replaceChildren(...this.legend());
      this.goBack();
    }

    /* Where the cursor was, if that place is still there. */
    goBack() {
      const { at } = this;
      this.at = null;
      if (at?.every((place) => place < this.groups.length)) this.goTo(...at);
      else this.leave();
    }

    makePanels(n) {
      if (this.panels.length === n) return;
      this.panels = Array.from({ length: n }, () => new bakeoff.MatrixPanel(this));
      this.parts.get("panels").replaceChildren(...this.panels.map(({ element }) => element));
    }

    /* factor: 0 for as it was at first; panel, x, y: the place that stays, see MatrixPanel. */
    zoomBy(factor, panel, x, y) {
      const most = Math.max(1, READABLE_PX / this.base.cell);
      const zoom = Math.min(Math.max(this.zoom * factor, 1), most);
      if (zoom === this.zoom) return;
      this.zoom = zoom;
      const first = panel ?? this.panels[0];
      first.zoomTo(zoom, x, y);
      for (const other of this.panels) if (other !== first) other.zoomTo(zoom);
      this.parts.get("legend").replaceChildren(...this.legend());
      this.scrolled(first);
    }

    scrolled(panel) {
      const { scrollLeft, scrollTop } = panel.stage;
      for (const other of this.panels) if (other !== panel) other.stage.scrollTo(scrollLeft, scrollTop);
    }

    goTo(row, column) {
      const at = [row, column];
      if (String(at) === String(this.at)) return;
      this.at = at;
      for (const panel of this.panels) {
        panel.mark(at);
        panel.stage.classList.toggle("leads", Boolean(this.follows(panel)));
      }
      const { state, views } = this;
      this.parts.get("readout").textContent = views.length === 1
        ? bakeoff.matrixWords.ofOne(views[0], at, state.values)
        : bakeoff.matrixWords.ofTwo(views, this.runs.map(({ name }) => name), at, state.values);
    }

    leave() {
      this.at = null;
      for (const panel of this.panels) panel.mark(null);
      this.parts.get("readout").textContent = this.parts.get("readout").dataset.idle;
    }

    open(panel) {
      this.follows(panel)?.();
    }

    /* What a click on the cell at hand does: unfold the superclasses that it is made of, or show its
       images; null where there is nothing to show. */
    follows(panel) {
      const [target, prediction] = this.at.map((place) => this.groups[place]);
      const folded = [target, prediction].filter(({ kind }) => kind === "superclass").map(({ block }) => block);
      if (folded.length) {
        const closed = [...this.state.closed].filter((block) => !folded.includes(block));
        return () => bakeoff.write({ "matrix-closed": closed.join(".") });
      }
      const run = this.runOf(panel);
      if (!run || target.kind === "other" || prediction.kind === "other") return null;
      return () => location.assign(bakeoff.matrixWords.images(run.id, target.members[0], prediction.members[0]));
    }

    /* The run whose images a cell leads to: in a difference the first that has some. */
    runOf(panel) {
      const hasImages = (index) => this.runs[index].shard.images && this.views[index].at(...this.at).count > 0;
      const candidates = this.difference ? [0, 1] : [this.panels.indexOf(panel)];
      return this.runs[candidates.find(hasImages)];
    }
  });
}
