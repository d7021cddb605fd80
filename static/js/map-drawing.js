/* Draws the map of images on a canvas, and finds points on it. Places are from 0 to 1000. */
"use strict";

bakeoff.mapDrawing = (() => {
  const SIDE = 1000;
  const MARGIN = 10;
  const N_COLOURS = 8;
  const NEAR_PX = 12;

  /* Colours of the groups; beyond them hollow marks, in the same order. */
  function palette() {
    const series = Array.from({ length: N_COLOURS }, (_, at) => bakeoff.colour(`--series-${at + 1}`));
    const [right, wrong, rest, ink] = ["--right", "--wrong", "--muted", "--ink"].map(bakeoff.colour);
    return { series, right, wrong, rest, ink };
  }

  function toScreen(value, side) {
    return MARGIN + (value / SIDE) * (side - 2 * MARGIN);
  }

  function toMap(value, side) {
    const place = Math.round(((value - MARGIN) / (side - 2 * MARGIN)) * SIDE);
    return Math.min(Math.max(place, 0), SIDE);
  }

  /* group: of a point, a number, or "right", "wrong" or "rest"; chosen: the points that are listed. */
  function draw(canvas, side, { points, group, chosen, region, cursor }) {
    const scale = window.devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(side * scale);
    canvas.style.width = canvas.style.height = `${side}px`;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const colours = palette();
    const radius = points.length > 800 ? 2.5 : 3.5;
    // What is not listed lies below what is, and the rest below what is compared with it.
    const height = (point) => 2 * chosen.has(point) + (group(point) !== "rest");
    for (const point of [...points].sort((a, b) => height(a) - height(b))) {
      mark(context, point, group(point), { colours, listed: chosen.has(point), radius, side });
    }
    if (region) frame(context, region, side, colours);
    if (cursor) ring(context, cursor, side, colours);
  }

  function mark(context, { x, y }, group, { colours, listed, radius, side }) {
    const colour = colours[group] ?? colours.series[group % N_COLOURS];
    const hollow = group >= N_COLOURS;
    context.globalAlpha = listed ? 0.85 : 0.15;
    context.beginPath();
    context.arc(toScreen(x, side), toScreen(y, side), hollow ? radius - 0.5 : radius, 0, 2 * Math.PI);
    if (hollow) {
      context.lineWidth = 1.5;
      context.strokeStyle = colour;
      context.stroke();
    } else if (group === "wrong") {
      cross(context, toScreen(x, side), toScreen(y, side), radius, colour);
    } else {
      context.fillStyle = colour;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /* Wrong is told by its shape too. */
  function cross(context, x, y, radius, colour) {
    context.beginPath();
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x - radius, y + radius);
    context.lineTo(x + radius, y - radius);
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  }

  function frame(context, [left, top, right, bottom], side, colours) {
    const [x, y, toX, toY] = [left, top, right, bottom].map((value) => toScreen(value, side));
    context.lineWidth = 1.5;
    context.strokeStyle = colours.ink;
    context.setLineDash([4, 3]);
    context.strokeRect(x, y, toX - x, toY - y);
    context.setLineDash([]);
  }

  function ring(context, { x, y }, side, colours) {
    context.lineWidth = 2;
    context.strokeStyle = colours.ink;
    context.beginPath();
    context.arc(toScreen(x, side), toScreen(y, side), 7, 0, 2 * Math.PI);
    context.stroke();
  }

  /* The nearest point to a place on the screen, if one is near. */
  function pointAt(points, side, x, y) {
    const away = (point) => Math.hypot(toScreen(point.x, side) - x, toScreen(point.y, side) - y);
    const nearest = smallest(points, away);
    return nearest && away(nearest) <= NEAR_PX ? nearest : null;
  }

  /* The nearest point in a direction [1, 0], [-1, 0], [0, 1] or [0, -1]; what is aside counts twice. */
  function pointTowards(points, from, [right, down]) {
    const ahead = (point) => right * (point.x - from.x) + down * (point.y - from.y);
    const aside = (point) => Math.abs(down * (point.x - from.x)) + Math.abs(right * (point.y - from.y));
    return smallest(points.filter((point) => ahead(point) > 0), (point) => ahead(point) + 2 * aside(point));
  }

  function smallest(items, value) {
    let [best, least] = [null, Infinity];
    for (const item of items) {
      const found = value(item);
      if (found < least) [best, least] = [item, found];
    }
    return best;
  }

  return { N_COLOURS, draw, pointAt, pointTowards, toMap };
})();
