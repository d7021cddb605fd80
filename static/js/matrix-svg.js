/* Draws the part of a confusion matrix that is in view as SVG: sharp, selectable, printable. */
"use strict";

/* layout: see matrix-layout.js; painted: cells of matrix-view.js; depth: share to opacity;
   view: x, y (px scrolled), width, height (px of the picture). */
bakeoff.drawMatrixSvg = (layout, painted, depth, view) => {
  const { bottom, cell, font, gap, left, right, top } = layout;
  const inside = { width: view.width - left - right, height: view.height - top - bottom };
  const picture = bakeoff.svg("svg", { width: view.width, height: view.height, "aria-hidden": "true" });
  const frame = bakeoff.svg("rect", {
    class: "frame", x: left - 0.5, y: top - 0.5,
    width: Math.min(inside.width, layout.side) + 1, height: Math.min(inside.height, layout.side) + 1,
  });
  picture.append(
    frame, ...axisTitles(),
    ...rowLabels(), ...columnLabels(),
    clippedCells(),
  );
  return picture;

  /* An svg inside an svg cuts off what reaches out of it. */
  function clippedCells() {
    const part = bakeoff.svg("svg", { x: left, y: top, ...inside });
    part.append(...cells(), ...lines());
    return part;
  }

  function* cells() {
    for (const { row, column, kind, strength, number } of bakeoff.matrixInView(painted.cells, layout, view)) {
      const x = column * cell - view.x;
      const y = row * cell - view.y;
      const opacity = depth(strength);
      yield bakeoff.svg("rect", {
        class: kind, x: x + gap / 2, y: y + gap / 2, width: cell - gap, height: cell - gap,
        "fill-opacity": opacity.toFixed(3),
      });
      const text = bakeoff.matrixNumberIn(cell, number, painted.signed);
      if (!text) continue;
      yield bakeoff.svg("text", {
        class: opacity > 0.65 ? "count on-dark" : "count",
        x: x + cell / 2, y: y + cell / 2 + font * 0.36, "font-size": 12,
      }, text);
    }
  }

  function* lines() {
    for (const place of layout.lines) {
      const [x, y] = [place * cell - view.x, place * cell - view.y];
      yield bakeoff.svg("path", {
        class: "block", d: `M${x} ${-view.y}v${layout.side}M${-view.x} ${y}h${layout.side}`,
      });
    }
  }

  function axisTitles() {
    const size = { class: "axis-title", "font-size": font };
    return [
      bakeoff.svg("text", { ...size, x: left, y: font }, "Prediction"),
      bakeoff.svg("text", { ...size, x: left - 6, y: top - 6, "text-anchor": "end" }, "True class"),
    ];
  }

  function rowLabels() {
    return bakeoff.matrixLabels(layout, view.y, inside.height).map(([label, place]) => bakeoff.svg("text", {
      x: left - 6, y: top + place + font * 0.36, "text-anchor": "end", "font-size": font,
    }, label));
  }

  function columnLabels() {
    return bakeoff.matrixLabels(layout, view.x, inside.width).map(([label, place]) => {
      const x = left + place;
      return bakeoff.svg("text", layout.leaning
        ? { transform: `translate(${x + font * 0.3},${top - 5}) rotate(-${layout.slant})`, "font-size": font }
        : { x, y: top - 6, "text-anchor": "middle", "font-size": font }, label);
    });
  }
};
