/* What both ways of drawing a confusion matrix share: which cells, numbers and labels are in view. */
"use strict";

bakeoff.matrixInView = (cells, { bottom, cell, left, right, top }, view) => {
  const inView = (place, scrolled, length) =>
    (place + 1) * cell > scrolled && place * cell < scrolled + length;
  return cells.filter(({ row, column }) =>
    inView(row, view.y, view.height - top - bottom) && inView(column, view.x, view.width - left - right));
};

/* Labels with the middle of their cell in the window, in px; every few where there is no room for all. */
bakeoff.matrixLabels = ({ cell, labels, step }, scrolled, length) => {
  const shown = [];
  const first = Math.floor(scrolled / cell / step) * step;
  for (let place = first; place < labels.length; place += step) {
    const middle = (place + 0.5) * cell - scrolled;
    if (middle > length) break;
    if (middle >= 0) shown.push([labels[place], middle]);
  }
  return shown;
};

/* The number in a cell; a difference has its sign, and none where there is no difference. */
bakeoff.matrixNumber = (number, signed) => {
  if (!signed) return bakeoff.count(number);
  return number === 0 ? "" : bakeoff.signedCount(number);
};

/* The number where it fits into a cell, else "". */
bakeoff.matrixNumberIn = (cell, number, signed) => {
  // Of many classes no number fits, and to write them all would take longer than to draw the cells.
  if (cell < 20) return "";
  const text = bakeoff.matrixNumber(number, signed);
  return cell >= 7 * text.length + 4 ? text : "";
};
