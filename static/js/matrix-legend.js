/* What the colours of a confusion matrix mean, with the scale. */
"use strict";

bakeoff.matrixLegend = (() => {
  const LABEL = 40;
  const BOX = 38;
  const LINE = 15;

  /* A line of swatches for each kind, and under them the values that they stand for. */
  function key(kinds, depths, values) {
    const picture = bakeoff.svg("svg", {
      width: LABEL + values.length * BOX, height: (kinds.length + 1) * LINE, role: "img",
      "aria-label": `Depth of colour for ${values.join(", ")}`,
    });
    const write = (text, x, line, anchor) => bakeoff.svg("text", {
      x, y: line * LINE + 11, "text-anchor": anchor, "font-size": 11,
    }, text);
    for (const [line, kind] of kinds.entries()) {
      picture.append(write(kind, 0, line, "start"), ...depths.map((depth, index) => bakeoff.svg("rect", {
        class: kind, x: LABEL + index * BOX, y: line * LINE + 1, width: BOX - 2, height: LINE - 3,
        "fill-opacity": depth.toFixed(3),
      })));
    }
    picture.append(...values.map((text, index) =>
      write(text, LABEL + (index + 0.5) * BOX - 1, kinds.length, "middle")));
    return picture;
  }

  function value(share, { full, signed }, values) {
    const part = share * full;
    if (values === "count") return bakeoff.count(Math.round(part));
    return signed ? bakeoff.barePoints(part) : bakeoff.share(part, 1);
  }

  const OF = {
    row: "share of the row (recall on the diagonal)",
    column: "share of the column (precision on the diagonal)",
    count: "images",
  };

  function note({ signed, cells }, state, scale, names, side) {
    const of = OF[state.values];
    const what = signed
      ? `${names.join(" minus ")}, ${state.values === "count" ? of : `percentage points of the ${of}`}` : of;
    const empty = signed ? "no difference" : "no image";
    const numbered = cells.some(({ number }) => bakeoff.matrixNumberIn(side, number, signed));
    return `Depth: ${what}; ${scale.name}. No fill: ${empty}.${numbered ? " Numbers in cells: images." : ""}`;
  }

  function kindsOf(signed, state) {
    if (signed) return ["more", "fewer"];
    return state.diagonal === "hidden" ? ["wrong"] : ["right", "wrong"];
  }

  const EQUAL = {
    row: "no share of a row differs between the two runs",
    column: "no share of a column differs between the two runs",
    count: "no count differs between the two runs",
  };

  function nothing({ signed }, state) {
    const why = signed ? EQUAL[state.values] : "no test image was taken for another class";
    return bakeoff.element("span", {}, `Nothing to colour: ${why}.`);
  }

  /* painted: see matrix-view.js; names: of the runs that are shown; side: of a cell, px. */
  return (painted, state, scale, names, side) => {
    if (!painted.full) return [nothing(painted, state)];
    const stops = state.values === "count" ? scale.stops.filter((share) => share * painted.full >= 1) : scale.stops;
    const depths = stops.map(scale.depth);
    const values = stops.map((share) => value(share, painted, state.values));
    return [
      key(kindsOf(painted.signed, state), depths, values),
      bakeoff.element("span", {}, note(painted, state, scale, names, side)),
    ];
  };
})();
