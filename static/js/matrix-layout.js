/* Where everything in a drawn confusion matrix goes, in px; the same for SVG and canvas. */
"use strict";

bakeoff.matrixLayout = (() => {
  const SLANT = Math.PI / 3;
  const measuring = document.createElement("canvas").getContext("2d");

  function textWidth(text, size, weight = 400) {
    measuring.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
    return measuring.measureText(text).width;
  }

  function shorten(name, length) {
    const letters = [...name];
    return letters.length <= length ? name : `${letters.slice(0, length - 1).join("")}…`;
  }

  /* classes: names; width: px there are. A matrix too large for them scrolls. */
  return (classes, width) => {
    const n = classes.length;
    const font = n <= 12 ? 12 : n <= 60 ? 10 : 11;
    const labels = classes.map((name) => shorten(name, width < 480 ? 16 : 28));
    const widths = labels.map((label) => textWidth(label, font));
    const left = Math.ceil(Math.max(...widths, textWidth("True class", font, 600))) + 8;
    const smallest = n > 60 ? 1 : n > 12 ? 12 : 22;
    // Labels that fit above their columns stand upright; longer ones lean and reach to the right.
    const room = (width - left) / n;
    const leaning = Math.max(...widths) > Math.max(room, smallest) - 4;
    const overhang = leaning ? Math.ceil(Math.max(...widths.slice(-3)) * Math.cos(SLANT)) : 4;
    const largest = Math.min(52, 560 / n);
    let cell = Math.max(smallest, Math.min(largest, (width - left - overhang) / n));
    if (n <= 60) cell = Math.floor(cell);
    const rise = leaning ? Math.max(...widths) * Math.sin(SLANT) : font;
    return {
      n, cell, font, labels, left, leaning,
      slant: (SLANT * 180) / Math.PI,
      top: Math.ceil(rise) + font + 18,
      side: cell * n,
      right: overhang,
      gap: cell >= 6 ? 1 : 0,
      // Every label where there is room for a line of text, else every few.
      step: Math.ceil((font + 1) / cell),
    };
  };
})();

/* How strongly a share shows: the square root, so that rare errors can be seen at all. */
bakeoff.matrixDepth = (share) => Math.max(0.12, Math.sqrt(share));
