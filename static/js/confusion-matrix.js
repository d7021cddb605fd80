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
      bakeoff.whenSeen(this, () => {
        this.seen = true;
        this.follow(bakeoff.read());
      });
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
      if (!this.asked && !this.seen && this.isAsBuilt(run)) return;
      const state = this.readControls(address);
      state.closed = new Set((address.get("matrix-closed") ?? "").split(".").filter(Boolean).map(Number));
      const ids = state.against && state.against !== run ? [run, state.against] : [run];
      const asked = JSON.stringify([ids, state, [...state.closed]]);
      if (asked === this.asked) return;
      this.asked = asked;
      try {
        const [classes, orders, ...shards] = await Promise.all([
          bakeoff.load("classes"), bakeoff.matrixOrderIsStored(state.order) ? bakeoff.load("orders") : null,
          ...ids.map((id) => bakeoff.load(`matrix/${id}`)),
        ]);
        // A later choice may have been loaded sooner.
        if (asked !== this.asked) return;
        Object.assign(this, { classes, orders, state });
        this.show(ids.map((id, index) => bakeoff.matrixRun(id, shards[index], classes.length)));
      } catch (error) {
        if (asked !== this.asked) return;
        // Asked for again with the next choice.
        this.asked = null;
        this.fail(run, bakeoff.incomplete(error));
      }
    }

    /* Says what is lacking in the place of what it is lacking of; another run can be chosen. */
    fail(run, words) {
      this.views = null;
      this.parts.get("name").textContent = this.nameOf(run);
      this.parts.get("page")?.setAttribute("href", bakeoff.href(`runs/${run}.html`));
      this.parts.get("facts").replaceChildren();
      this.showDrawn(words);
      this.parts.get("controls").hidden = false;
      this.announce(words);
    }

    nameOf(run) {
      return [...this.parts.get("against").options].find(({ value }) => value === run)?.text ?? run;
    }

    /* absent: why there is nothing to draw; empty if there is. */
    showDrawn(absent) {
      for (const name of ["controls", "drawn", "confused"]) this.parts.get(name).hidden = Boolean(absent);
      this.parts.get("absent").hidden = !absent;
      this.parts.get("absent").textContent = absent;
    }

    /* It is out of sight at first: until it comes near, or another run is picked, there is nothing to
       load and draw. */
    isAsBuilt(run) {
      return run === (this.dataset.run ?? bakeoff.selectedRun(new URLSearchParams()));
    }

    show(runs) {
      this.runs = runs;
      bakeoff.matrixFacts(this.parts.get("facts"), runs);
      const { absent } = runs[0].shard;
      this.showDrawn(absent ?? "");
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
      this.table.show(groups, (row, column) => this.numberAt(row, column), this.titles().join(" / "));
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
      const counts = this.views.map((view) => view.at(row, column).count);
      // Where it is narrow, two numbers stand in two lines.
      if (!this.difference) return counts.map(bakeoff.count).join("\u00a0/ ");
      return bakeoff.matrixNumber(counts[0] - counts[1], true) || "0";
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
      const { at, led } = this;
      this.at = null;
      if (at?.every((place) => place < this.groups.length)) this.goTo(at, this.panels[led] ?? this.panels[0]);
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

    /* at: [row, column]; panel: the one that the cursor is moved in. */
    goTo(at, panel) {
      const led = this.panels.indexOf(panel);
      if (led === this.led && String(at) === String(this.at)) return;
      Object.assign(this, { at, led });
      for (const each of this.panels) {
        each.mark(at);
        each.stage.classList.toggle("leads", Boolean(this.leadOf(each).go));
      }
      this.parts.get("readout").textContent = [this.said(), this.leadOf(panel).words].filter(Boolean).join(". ");
    }

    /* The cell at hand in words. */
    said() {
      const { at, state, views } = this;
      return views.length === 1
        ? bakeoff.matrixWords.ofOne(views[0], at, state.values)
        : bakeoff.matrixWords.ofTwo(views, this.runs.map(({ name }) => name), at, state.values);
    }

    /* A screen reader says it: what keys lead to, not all that a mouse passes over. */
    announce(words = this.parts.get("readout").textContent) {
      this.parts.get("announced").textContent = words;
    }

    leave() {
      this.at = null;
      for (const panel of this.panels) panel.mark(null);
      this.parts.get("readout").textContent = this.parts.get("readout").dataset.idle;
      this.announce("");
    }

    open(panel) {
      const { go, words } = this.leadOf(panel);
      if (go) go();
      else this.announce(words);
    }

    /* What a click on the cell at hand does in a panel. */
    leadOf(panel) {
      const { at, groups, runs, state, views } = this;
      const all = runs.map((run, index) => ({ run, view: views[index] }));
      const shown = this.difference ? all : [all[this.panels.indexOf(panel)]];
      return bakeoff.matrixLead(groups, at, shown, runs.length === 2, state.closed);
    }
  });
}
