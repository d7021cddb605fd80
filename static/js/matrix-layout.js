/* Where everything in a drawn confusion matrix goes, in px; the same for SVG and canvas. */
"use strict";

bakeoff.matrixLayout = (() => {
  // Room below the cells, for what of the last label reaches out of its row.
  const BOTTOM = 6;
  const NARROW = 480;
  const LARGEST_SIDE = 560;
  const LARGEST_CELL = 52;
  const LARGEST_LABEL = 170;
  const measuring = document.createElement("canvas").getContext("2d");

  function textWidth(text, size, weight = 400) {
    measuring.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
    return measuring.measureText(text).width;
  }

  /* As much of a name as fits, by halves. */
  function shorten(name, size, width) {
    if (name.length < 200 && textWidth(name, size) <= width) return name;
    const letters = [...name.slice(0, 200)];
    let [fits, tooLong] = [0, letters.length];
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2);
      if (textWidth(`${letters.slice(0, middle).join("")}…`, size) <= width) fits = middle;
      else tooLong = middle;
    }
    return `${letters.slice(0, fits).join("")}…`;
  }

  /* What does not change with the zoom. groups: see matrix-groups.js; width: px there are. */
  function base(groups, width) {
    const n = groups.length;
    const font = n > 12 && n <= 60 ? 10 : n > 60 ? 11 : 12;
    const most = Math.min(LARGEST_LABEL, 0.3 * width);
    const labels = groups.map(({ name }) => shorten(name, font, most));
    const widths = labels.map((label) => textWidth(label, font));
    const longest = Math.max(...widths);
    const left = Math.ceil(Math.max(longest, textWidth("True class", font, 600))) + 8;
    const largest = Math.min(LARGEST_CELL, LARGEST_SIDE / n);
    const smallest = n > 12 ? 0 : 22;
    // Labels that fit above their columns stand upright; longer ones lean and reach to the right.
    const leaning = longest > Math.max(Math.min((width - left) / n, largest), smallest) - 4;
    // In a narrow window they stand on their heads rather than take the room of cells.
    const slant = width < NARROW ? Math.PI / 2 : Math.PI / 3;
    const overhang = Math.ceil(Math.max(...widths.slice(-3)) * Math.cos(slant));
    const right = leaning ? Math.max(overhang, font / 2) : 4;
    const fitting = Math.max(smallest, Math.min(largest, (width - left - right) / n));
    return {
      n, labels, left, right, leaning,
      // A little smaller where that spares every other label.
      font: fitting >= 9 && fitting < font + 1 ? 9 : font,
      cell: fitting >= 4 ? Math.floor(fitting) : fitting,
      top: Math.ceil(leaning ? longest * Math.sin(slant) : font) + font + 18,
      bottom: BOTTOM,
      slant: (slant * 180) / Math.PI,
      // A line before each superclass but the first.
      lines: [...groups.keys()].filter((place) => place && groups[place].block !== groups[place - 1].block),
    };
  }

  function zoomed(unzoomed, zoom) {
    const cell = unzoomed.cell * zoom;
    return {
      ...unzoomed, cell,
      side: cell * unzoomed.n,
      gap: cell >= 6 ? 1 : 0,
      // Every label where there is room for a line of text, else every few.
      step: Math.ceil(unzoomed.font / cell),
    };
  }

  return { base, zoomed };
})();
