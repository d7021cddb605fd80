/* Draws learning curves into the charts of curves.html, as site_builder/curves/drawing.py does at build
   time. A series comes with the axes that it needs; of several the widest holds all. */
"use strict";

bakeoff.curvesDrawing = (() => {
  const PANELS = [
    ["loss", ["train_loss", "val_loss"]],
    ["accuracy", ["train_accuracy", "val_accuracy"]],
    ["rate", ["learning_rate"]],
  ];

  /* drawn: [{ key, look, series }]; returns for each chart how values become px. */
  function draw(charts, box, drawn, across) {
    return charts.map((chart, at) => {
      const [panel, quantities] = PANELS[at];
      const [x, y] = [across, panel].map((name) => widest(drawn.map(({ series }) => series.axes[name])));
      const scales = {
        quantities,
        x: scale(x, box.left, box.right),
        y: scale(y, box.bottom, box.top),
        of: (series) => xs(series, across),
      };
      chart.replaceChildren(...behind(y, scales, box), ...drawn.flatMap((of) => bands(of, scales)),
        ...uprights(drawn, scales, box), ...drawn.flatMap((of) => lines(of, scales)), ...below(x, scales, box));
      return scales;
    });
  }

  /* Marks an epoch in each line of a chart. */
  function mark(chart, scales, drawn, epoch) {
    for (const old of chart.querySelectorAll(".at")) old.remove();
    for (const { key, look, series } of drawn) {
      if (epoch > series.texts.length) continue;
      for (const quantity of scales.quantities) chart.append(dot("at", key, look, series, quantity, epoch, scales));
    }
  }

  /* The epoch of any series that lies nearest to a place of the x axis, px. */
  function nearest(drawn, scales, at) {
    const points = drawn.flatMap(({ series }) =>
      scales.of(series).map((x, place) => ({ epoch: place + 1, distance: Math.abs(scales.x(x) - at) })));
    return points.reduce((best, point) => (point.distance < best.distance ? point : best)).epoch;
  }

  function widest(axes) {
    return axes.reduce((best, axis) => (axis[2] - axis[1] > best[2] - best[1] ? axis : best));
  }

  function scale([, low, high], start, end) {
    return (value) => start + ((value - low) / (high - low)) * (end - start);
  }

  function xs(series, across) {
    return across === "seconds" ? series.values.seconds : series.texts.map((_, place) => place + 1);
  }

  function behind([title, , , ticks], { y }, { left, right }) {
    return [bakeoff.svg("text", { class: "title", x: 0, y: 14 }, title), ...ticks.flatMap(([value, text]) => {
      const at = px(y(value));
      return [bakeoff.svg("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
        bakeoff.svg("text", { class: "y", x: left - 8, y: at }, text)];
    })];
  }

  function below([title, , , ticks], { x }, { left, right, bottom }) {
    return [
      bakeoff.svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
      ...ticks.map(([value, text]) => bakeoff.svg("text", { class: "x", x: px(x(value)), y: bottom + 17 }, text)),
      bakeoff.svg("text", { class: "title x", x: (left + right) / 2, y: bottom + 36 }, title),
    ];
  }

  function bands({ key, look, series }, { x, y, of, quantities }) {
    return quantities.filter((quantity) => series.bands[quantity]).map((quantity) => {
      const [low, high] = series.bands[quantity].map((ends) => places(of(series), ends, x, y));
      const points = [...high, ...low.reverse()].join(" ");
      return group(`band ${kind(quantity)} ${look}`, key, [bakeoff.svg("polygon", { points })]);
    });
  }

  /* Names are in one chart only, and of one run only: others would lie over each other. */
  function uprights(drawn, { x, of, quantities }, { top, bottom }) {
    const named = quantities.includes("val_loss") && drawn.filter(({ series }) => series.unfrozen.length).length === 1;
    return drawn.flatMap(({ look, series }) => series.unfrozen.flatMap(([epoch, stage]) => {
      const at = px(x(of(series)[epoch - 1]));
      const shown = `upright unfreezing ${look}`;
      const line = bakeoff.svg("line", { class: shown, x1: at, x2: at, y1: top, y2: bottom });
      return named ? [line, bakeoff.svg("text", { class: shown, x: at, y: top - 4 }, stage)] : [line];
    }));
  }

  function lines({ key, look, series }, scales) {
    const { x, y, of, quantities } = scales;
    const made = quantities.map((quantity) => {
      const points = places(of(series), series.values[quantity], x, y);
      // A line of one point is not seen.
      const dots = points.length === 1 ? [circle(...points[0].split(","))] : [];
      return group(`line ${kind(quantity)} ${look}`, key, [bakeoff.svg("polyline", { points: points.join(" ") }), ...dots]);
    });
    const marks = [["best", series.best], ...(series.stopped ? [["stopped", series.texts.length]] : [])];
    return [...made, ...marks.map(([name, epoch]) => dot(name, key, look, series, quantities.at(-1), epoch, scales))];
  }

  function dot(name, key, look, series, quantity, epoch, { x, y, of }) {
    const at = [px(x(of(series)[epoch - 1])), px(y(series.values[quantity][epoch - 1]))];
    return group(`line ${name} ${look}`, key, [circle(...at)]);
  }

  function circle(cx, cy) {
    return bakeoff.svg("circle", { cx, cy, r: 2 });
  }

  function group(name, key, children) {
    const made = bakeoff.svg("g", { class: name, "data-run": key });
    made.append(...children);
    return made;
  }

  function places(across, values, x, y) {
    return values.map((value, place) => `${px(x(across[place]))},${px(y(value))}`);
  }

  function kind(quantity) {
    return quantity.startsWith("train") ? "train" : "val";
  }

  function px(value) {
    return value.toFixed(1);
  }

  return { draw, mark, nearest };
})();
