/* Draws a confusion matrix on a canvas: for so many classes that SVG would be slow. */
"use strict";

bakeoff.drawMatrixCanvas = (layout, cells, depth) => {
  const { cell, font, gap, left, side, step, top } = layout;
  const width = left + side + layout.right;
  const height = top + side + 2;
  const picture = bakeoff.element("canvas", { "aria-hidden": "true" });
  const scale = window.devicePixelRatio || 1;
  picture.width = Math.round(width * scale);
  picture.height = Math.round(height * scale);
  picture.style.width = `${width}px`;
  picture.style.height = `${height}px`;
  const context = picture.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  context.scale(scale, scale);
  drawCells();
  drawLabels();
  return picture;

  function drawCells() {
    const right = bakeoff.colour("--right");
    const wrong = bakeoff.colour("--wrong");
    // A cell narrower than a pixel would vanish.
    const drawn = Math.max(cell - gap, 1.5);
    for (const { target, prediction, count } of cells) {
      context.globalAlpha = depth(target, prediction, count);
      context.fillStyle = target === prediction ? right : wrong;
      context.fillRect(left + prediction * cell + gap / 2, top + target * cell + gap / 2, drawn, drawn);
    }
    context.globalAlpha = 1;
    context.strokeStyle = bakeoff.colour("--rule");
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  }

  function drawLabels() {
    context.font = `${font}px ${family}`;
    context.fillStyle = bakeoff.colour("--muted");
    context.textBaseline = "middle";
    for (let index = 0; index < layout.n; index += step) {
      const place = (index + 0.5) * cell;
      context.textAlign = "right";
      context.fillText(layout.labels[index], left - 6, top + place);
      context.save();
      context.translate(left + place, top - 6);
      context.rotate((-layout.slant * Math.PI) / 180);
      context.textAlign = "left";
      context.fillText(layout.labels[index], 0, 0);
      context.restore();
    }
    context.font = `600 ${font}px ${family}`;
    context.fillStyle = bakeoff.colour("--ink");
    context.fillText("Prediction", left, font / 2 + 1);
    context.textAlign = "right";
    context.fillText("True class", left - 6, top - font - 4);
  }
};
