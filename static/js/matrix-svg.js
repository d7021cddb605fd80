/* Draws a confusion matrix as SVG: sharp, selectable, printable; for up to about 60 classes. */
"use strict";

bakeoff.drawMatrixSvg = (layout, cells, depth) => {
  const { cell, font, gap, left, n, side, top } = layout;
  const width = left + side + layout.right;
  const picture = bakeoff.svg("svg", {
    width, height: top + side + 2, viewBox: `0 0 ${width} ${top + side + 2}`, "aria-hidden": "true",
  });
  picture.append(bakeoff.svg("rect", {
    class: "frame", x: left - 0.5, y: top - 0.5, width: side + 1, height: side + 1,
  }));
  picture.append(...axisTitles(), ...rowLabels(), ...columnLabels());
  for (const { target, prediction, count } of cells) {
    const x = left + prediction * cell;
    const y = top + target * cell;
    const opacity = depth(target, prediction, count);
    picture.append(bakeoff.svg("rect", {
      class: target === prediction ? "right" : "wrong",
      x: x + gap / 2, y: y + gap / 2, width: cell - gap, height: cell - gap,
      "fill-opacity": opacity.toFixed(3),
    }));
    if (cell >= 20 && n <= 12) {
      picture.append(bakeoff.svg("text", {
        class: opacity > 0.65 ? "count on-dark" : "count",
        x: x + cell / 2, y: y + cell / 2 + font * 0.36, "font-size": font,
      }, bakeoff.count(count)));
    }
  }
  return picture;

  function axisTitles() {
    const size = { class: "axis-title", "font-size": font };
    return [
      bakeoff.svg("text", { ...size, x: left, y: font }, "Prediction"),
      bakeoff.svg("text", { ...size, x: left - 6, y: top - 6, "text-anchor": "end" }, "True class"),
    ];
  }

  function rowLabels() {
    return layout.labels.map((label, index) => bakeoff.svg("text", {
      x: left - 6, y: top + (index + 0.5) * cell + font * 0.36,
      "text-anchor": "end", "font-size": font,
    }, label));
  }

  function columnLabels() {
    return layout.labels.map((label, index) => {
      const x = left + (index + 0.5) * cell;
      return bakeoff.svg("text", layout.leaning
        ? { transform: `translate(${x + font * 0.3},${top - 5}) rotate(-${layout.slant})`, "font-size": font }
        : { x, y: top - 6, "text-anchor": "middle", "font-size": font }, label);
    });
  }
};
