/* From classes to what is drawn: counts per group, and how much each cell shows. */
"use strict";

/* A run's counts added up by group. A cell knows how many of its images are right: on the diagonal
   of a single class all, on that of a group some. */
bakeoff.matrixView = (groups, matrix) => {
  const n = groups.length;
  const groupOf = new Array(matrix.n);
  for (const [place, { members }] of groups.entries()) {
    for (const index of members) groupOf[index] = place;
  }
  const cells = new Map();
  for (const { target, prediction, count } of matrix.cells) {
    const [row, column] = [groupOf[target], groupOf[prediction]];
    const key = row * n + column;
    if (!cells.has(key)) cells.set(key, { row, column, count: 0, right: 0 });
    const cell = cells.get(key);
    cell.count += count;
    if (target === prediction) cell.right += count;
  }
  const sums = (ofClass) => groups.map(
    ({ members }) => members.reduce((sum, index) => sum + ofClass[index], 0),
  );
  const rowSums = sums(matrix.rowSums);
  const columnSums = sums(matrix.columnSums);
  return {
    n, groups, rowSums, columnSums,
    cells: [...cells.values()],
    at: (row, column) => cells.get(row * n + column) ?? { row, column, count: 0, right: 0 },
    /* What a cell is a share of; null for counts, which are shares of the largest. */
    whole: (row, column, values) =>
      ({ row: rowSums[row], column: columnSums[column], count: null })[values],
  };
};

/* What to paint, a list of one or two pictures: cells with kind, number, and strength in (0, 1], the
   share of `full`, which is the same for both. */
bakeoff.matrixPaint = (() => {
  function value(view, { row, column }, count, values) {
    const whole = view.whole(row, column, values);
    return whole === null ? count : count && count / whole;
  }

  /* Without the diagonal only images that are wrong remain. */
  const shown = ({ count, right }, state) => (state.diagonal === "hidden" ? count - right : count);

  function ofOne(view, state) {
    return view.cells.map((cell) => {
      const number = shown(cell, state);
      const kind = cell.row === cell.column && state.diagonal === "shown" ? "right" : "wrong";
      return { ...cell, kind, number, value: value(view, cell, number, state.values) };
    });
  }

  function difference(first, second, state) {
    const only = second.cells.filter(({ row, column }) => first.at(row, column).count === 0);
    return [...first.cells, ...only].map((cell) => {
      const { row, column } = cell;
      const numbers = [first, second].map((view) => shown(view.at(row, column), state));
      const [a, b] = [first, second].map((view, index) => value(view, cell, numbers[index], state.values));
      return { row, column, kind: a > b ? "more" : "fewer", number: numbers[0] - numbers[1], value: a - b };
    });
  }

  /* A share of a row has a natural end, 100 %; for the rest the largest value is full depth. */
  function fullOf(pictures, signed, state) {
    if (!signed && state.values !== "count" && state.diagonal === "shown") return 1;
    return pictures.flat().reduce((most, cell) => Math.max(most, Math.abs(cell.value)), 0);
  }

  /* views: of one or two runs; state: values, diagonal and, of two runs, pair. */
  return (views, state) => {
    const signed = views.length === 2 && state.pair === "difference";
    const pictures = (signed ? [difference(...views, state)] : views.map((view) => ofOne(view, state)))
      .map((cells) => cells.filter((cell) => cell.value));
    const full = fullOf(pictures, signed, state);
    return pictures.map((cells) => ({
      full, signed, cells: cells.map((cell) => ({ ...cell, strength: Math.abs(cell.value) / full })),
    }));
  };
})();
