/* Draws the part of a confusion matrix that is in view on a canvas: for so many classes that SVG
   would be slow. The arguments are those of drawMatrixSvg; last: what was drawn before, or null. A canvas is
   drawn over: a new one for every step of scrolling would be megabytes to clear away. */
"use strict";

bakeoff.drawMatrixCanvas = (layout, painted, depth, view, last) => {
  const { bottom, cell, font, gap, left, right, top } = layout;
  const inside = { width: view.width - left - right, height: view.height - top - bottom };
  const picture = last?.localName === "canvas" ? last : bakeoff.element("canvas", { "aria-hidden": "true" });
  const scale = window.devicePixelRatio || 1;
  // This clears it, too.
  picture.width = Math.round(view.width * scale);
  picture.height = Math.round(view.height * scale);
  picture.style.width = `${view.width}px`;
  picture.style.height = `${view.height}px`;
  const context = picture.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  context.scale(scale, scale);
  context.textBaseline = "middle";
  drawClippedCells();
  drawFrame();
  drawRowLabels();
  drawColumnLabels();
  drawAxisTitles();
  return picture;

  function drawClippedCells() {
    context.save();
    context.beginPath();
    context.rect(left, top, inside.width, inside.height);
    context.clip();
    context.translate(left, top);
    drawCells();
    drawLines();
    context.restore();
  }

  function drawCells() {
    const colours = new Map(["right", "wrong", "more", "fewer"].map((kind) => [kind, bakeoff.colour(`--${kind}`)]));
    const [ink, paper] = [bakeoff.colour("--ink"), bakeoff.colour("--paper")];
    // A cell narrower than a pixel would vanish.
    const drawn = Math.max(cell - gap, 2);
    context.font = `12px ${family}`;
    context.textAlign = "center";
    for (const { row, column, kind, strength, number } of bakeoff.matrixInView(painted.cells, layout, view)) {
      const x = column * cell - view.x;
      const y = row * cell - view.y;
      const opacity = depth(strength);
      context.globalAlpha = opacity;
      context.fillStyle = colours.get(kind);
      context.fillRect(x + gap / 2, y + gap / 2, drawn, drawn);
      context.globalAlpha = 1;
      const text = bakeoff.matrixNumberIn(cell, number, painted.signed);
      if (!text) continue;
      context.fillStyle = opacity > 0.65 ? paper : ink;
      context.fillText(text, x + cell / 2, y + cell / 2);
    }
  }

  function drawLines() {
    context.strokeStyle = bakeoff.colour("--muted");
    for (const place of layout.lines) {
      const [x, y] = [place * cell - view.x, place * cell - view.y];
      context.strokeRect(-view.x, y, layout.side, 0);
      context.strokeRect(x, -view.y, 0, layout.side);
    }
  }

  function drawFrame() {
    context.strokeStyle = bakeoff.colour("--rule");
    context.strokeRect(
      left - 0.5, top - 0.5, Math.min(inside.width, layout.side) + 1, Math.min(inside.height, layout.side) + 1,
    );
  }

  function drawRowLabels() {
    context.font = `${font}px ${family}`;
    context.fillStyle = bakeoff.colour("--muted");
    context.textAlign = "right";
    for (const [label, y] of bakeoff.matrixLabels(layout, view.y, inside.height)) {
      context.fillText(label, left - 6, top + y);
    }
  }

  function drawColumnLabels() {
    context.font = `${font}px ${family}`;
    context.fillStyle = bakeoff.colour("--muted");
    context.textAlign = layout.leaning ? "left" : "center";
    for (const [label, x] of bakeoff.matrixLabels(layout, view.x, inside.width)) {
      context.save();
      context.translate(left + x, top - 6 - (layout.leaning ? 0 : font / 2));
      if (layout.leaning) context.rotate((-layout.slant * Math.PI) / 180);
      context.fillText(label, 0, 0);
      context.restore();
    }
  }

  function drawAxisTitles() {
    context.font = `600 ${font}px ${family}`;
    context.fillStyle = bakeoff.colour("--ink");
    context.textAlign = "left";
    context.fillText("Prediction", left, font / 2 + 1);
    context.textAlign = "right";
    context.fillText("True class", left - 6, top - font / 2 - 4);
  }
};
