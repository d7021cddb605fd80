/* Draws learning curves into the charts of curves.html, as site_builder/curves/drawing.py does at build
   time. A series comes with the axes that it needs; of several the widest holds all, and logarithmic ones
   are joined. */
"use strict";

bakeoff.curvesDrawing = (() => {
  const PANELS = [
    ["loss", ["train_loss", "val_loss"]],
    ["accuracy", ["train_accuracy", "val_accuracy"]],
    ["rate", ["learning_rate"]],
  ];
  const LOGS = { loss: "log-loss", rate: "log-rate" };
  const MANY_TICKS = 10;
  const MANY_TIMES = 6;
  const FAR_APART = 10;

  /* drawn: [{ key, look, series }]; across: epoch or seconds; scale: linear or log; returns for each chart how values become px. */
  function draw(charts, box, drawn, { across, scale }) {
    const axes = (name) => drawn.map(({ series }) => series.axes[name]);
    return charts.map((chart, at) => {
      const [panel, quantities] = PANELS[at];
      const log = scale === "log" ? LOGS[panel] : undefined;
      const logTime = across === "seconds" && areFarApart(drawn);
      const x = logTime ? joined(axes("log-seconds"), MANY_TIMES) : widest(axes(across));
      const y = log ? joined(axes(log), MANY_TICKS) : widest(axes(panel));
      const scales = {
        quantities,
        x: (logTime ? logarithmic : linear)(x, box.left, box.right),
        y: (log ? logarithmic : linear)(y, box.bottom, box.top),
        low: y[1],
        of: (series) => xs(series, across),
      };
      chart.replaceChildren(...behind(y, scales, box), ...drawn.flatMap((of) => bands(of, scales)),
        ...uprights(drawn, scales, box), ...drawn.flatMap((of) => lines(of, scales)), ...below(x, scales, box));
      return scales;
    });
  }

  /* Whether one run takes so much longer than another that the shorter would be a speck. */
  function areFarApart(drawn) {
    const times = drawn.map(({ series }) => series.values.seconds.at(-1));
    return Math.min(...times) > 0 && Math.max(...times) >= FAR_APART * Math.min(...times);
  }

  /* Marks an epoch in each line of a chart; epochOf tells which one of a series. */
  function mark(chart, scales, drawn, epochOf) {
    for (const old of chart.querySelectorAll(".at")) old.remove();
    for (const { key, look, series } of drawn) {
      const epoch = epochOf(series);
      if (epoch < 1 || epoch > series.texts.length) continue;
      for (const quantity of scales.quantities) chart.append(...dot("at", key, look, series, quantity, epoch, scales));
    }
  }

  /* The epoch of any series that lies nearest to a place of the x axis, px, and when it was over. */
  function nearest(drawn, scales, at) {
    const points = drawn.flatMap(({ series }) => scales.of(series).map((x, place) => ({
      epoch: place + 1, seconds: series.values.seconds[place], distance: Math.abs(scales.x(x) - at),
    })));
    return points.reduce((best, point) => (point.distance < best.distance ? point : best));
  }

  function widest(axes) {
    return axes.reduce((best, axis) => (axis[2] - axis[1] > best[2] - best[1] ? axis : best));
  }

  function joined(axes, many) {
    const ticks = [...new Map(axes.flatMap(([, , , of]) => of))].sort(([a], [b]) => a - b);
    const shown = ticks.length > many ? ticks.filter(([value]) => isPowerOfTen(value)) : ticks;
    return [axes[0][0], ticks[0][0], ticks.at(-1)[0], shown];
  }

  function isPowerOfTen(value) {
    return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  }

  function linear([, low, high], start, end) {
    return (value) => start + ((value - low) / (high - low)) * (end - start);
  }

  /* What has no logarithm has no place: NaN. */
  function logarithmic([, low, high], start, end) {
    return (value) => (value > 0 ? start + (Math.log(value / low) / Math.log(high / low)) * (end - start) : NaN);
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

  function bands({ key, look, series }, { x, y, of, low: least, quantities }) {
    return quantities.filter((quantity) => series.bands[quantity]).map((quantity) => {
      const [low, high] = series.bands[quantity].map((ends) =>
        places(of(series), ends.map((end) => Math.max(end, least)), x, y));
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
    return [...made, ...marks.flatMap(([name, epoch]) => dot(name, key, look, series, quantities.at(-1), epoch, scales))];
  }

  /* One dot, or none where the value has no place. */
  function dot(name, key, look, series, quantity, epoch, { x, y, of }) {
    const [place] = places([of(series)[epoch - 1]], [series.values[quantity][epoch - 1]], x, y);
    return place ? [group(`line ${name} ${look}`, key, [circle(...place.split(","))])] : [];
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
    return values.map((value, place) => [x(across[place]), y(value)])
      .filter((at) => at.every(Number.isFinite)).map((at) => at.map(px).join());
  }

  function kind(quantity) {
    return quantity.startsWith("train") ? "train" : "val";
  }

  function px(value) {
    return value.toFixed(1);
  }

  return { draw, mark, nearest };
})();
