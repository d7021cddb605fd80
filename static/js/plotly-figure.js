/* <plotly-figure data-name>: a chart made at build time that Plotly replaces when the reader points
   at it, focuses it or presses Explore. A point's customdata is a run: a click selects it, and what
   is pointed at here is marked elsewhere, and the other way round. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  customElements.define("plotly-figure", class extends HTMLElement {
    connectedCallback() {
      this.still = this.querySelector("[data-part=still]");
      this.live = this.querySelector("[data-part=live]");
      this.button = this.querySelector("[data-part=explore]");
      this.button.hidden = false;
      // A finger that scrolls past also "enters"; it asks for nothing until it taps.
      this.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.explore());
      this.addEventListener("focusin", () => this.explore());
      this.addEventListener("click", () => this.explore());
    }

    async explore() {
      if (this.asked) return;
      this.asked = true;
      this.button.textContent = "Loading…";
      try {
        const [figure] = await Promise.all([
          bakeoff.load(`figures/${this.dataset.name}`), bakeoff.loadScript("assets/plotly.min.js"),
        ]);
        await this.draw(figure);
      } catch (error) {
        this.asked = false;
        this.button.textContent = `${error.message}. Try again`;
      }
    }

    async draw(figure) {
      this.figure = figure;
      this.live.hidden = false;
      this.still.hidden = true;
      await this.paint();
      this.live.on("plotly_click", ({ points }) => bakeoff.write({ run: points[0].customdata }));
      this.live.on("plotly_hover", ({ points }) => bakeoff.point([points[0].customdata]));
      this.live.on("plotly_unhover", () => bakeoff.point([]));
      bakeoff.onPoint((runs) => this.point(runs));
      this.button.textContent = "Reset the view";
      this.button.addEventListener("click", () => Plotly.relayout(this.live, {
        "xaxis.autorange": true, "yaxis.autorange": true,
      }));
      // Not Plotly's own watch on the window: a chart that was not shown missed its changes.
      new ResizeObserver(() => this.fit()).observe(this.live);
      bakeoff.onTheme(() => this.paint());
      bakeoff.follow((state) => this.mark(bakeoff.selectedRun(state), bakeoff.runsLeft(state)));
    }

    fit() {
      if (!this.live.offsetParent) return;
      if (this.stale) this.paint();
      Plotly.Plots.resize(this.live);
    }

    /* The layout's uirevision keeps what the reader zoomed to and hid. */
    paint() {
      const { data, layout } = resolved(this.figure);
      if (this.marked) this.show(data);
      this.stale = false;
      return Plotly.react(this.live, data, layout, { displayModeBar: false });
    }

    point(runs) {
      if (!this.live.offsetParent) return;
      const points = this.figure.data.flatMap(({ customdata }, curveNumber) =>
        (runs.includes(customdata?.[0]) ? [{ curveNumber, pointNumber: 0 }] : []));
      if (points.length) Plotly.Fx.hover(this.live, points);
      else Plotly.Fx.unhover(this.live);
    }

    mark(run, left) {
      const marked = [run, ...left].join(" ");
      if (marked === this.marked) return;
      Object.assign(this, { left, marked, run });
      // A chart that is not shown is painted when it is.
      if (this.live.offsetParent) this.paint();
      else this.stale = true;
    }

    /* Draws the selected run's mark larger, in ink, and faintly those that the filter leaves out. */
    show(data) {
      for (const trace of data) {
        const run = trace.customdata?.[0];
        if (run && !this.left.has(run)) trace.opacity = 0.15;
        if (run === this.run) ring(trace);
      }
    }
  });

  function ring(trace) {
    const ink = bakeoff.colour("--ink");
    trace.marker.size = 16;
    trace.marker.line = { width: 2.5, color: ink };
    // A hollow mark is drawn in its own colour, not in that of its line.
    if (trace.marker.symbol.endsWith("-open")) trace.marker.color = ink;
  }

  /* A copy of a figure with the colours that its token names stand for now. */
  function resolved(value) {
    if (typeof value === "string") {
      const token = /^var\((--[\w-]+)\)$/.exec(value);
      return token ? bakeoff.colour(token[1]) : value;
    }
    if (Array.isArray(value)) return value.map(resolved);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
  }
}
