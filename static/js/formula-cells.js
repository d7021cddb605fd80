/* A confusion matrix around one class, as site_builder/formulas/cells.py makes it. */
"use strict";

bakeoff.classCells = (() => {
  const WHOLE = 15;
  const KEPT = 6;
  const LONG = 4;

  /* The classes of each row: single ones, then those that share the last. */
  function grouped(matrix, target) {
    const every = Array.from({ length: matrix.n }, (_, index) => index);
    if (matrix.n <= WHOLE) return every.map((index) => [index]);
    const confused = every.map((index) => matrix.count(target, index) + matrix.count(index, target));
    const others = every.filter((index) => index !== target && confused[index]);
    const kept = others.sort((a, b) => confused[b] - confused[a] || a - b).slice(0, KEPT);
    const shown = [target, ...kept].sort((a, b) => a - b);
    return [...shown.map((index) => [index]), every.filter((index) => !shown.includes(index))];
  }

  function summed(matrix, groups) {
    const group = new Map(groups.flatMap((members, at) => members.map((index) => [index, at])));
    const sums = groups.map(() => groups.map(() => 0));
    for (const { target, prediction, count } of matrix.cells) {
      sums[group.get(target)][group.get(prediction)] += count;
    }
    return sums;
  }

  function kind(isClass, calledSo) {
    if (isClass) return calledSo ? "tp" : "fn";
    return calledSo ? "fp" : "tn";
  }

  /* Fills table; matrix: see matrix-counts.js; names: of the classes. */
  return (table, matrix, target, names) => {
    const groups = grouped(matrix, target);
    const sums = summed(matrix, groups);
    const place = groups.findIndex((group) => group.length === 1 && group[0] === target);
    const texts = groups.map((group) =>
      (group.length === 1 ? names[group[0]] : `${bakeoff.count(group.length)} others`));
    const heading = (scope, at) =>
      bakeoff.element("th", { scope, ...(at === place ? { class: "chosen" } : {}) });
    const head = bakeoff.element("tr");
    head.append(bakeoff.element("td"), ...texts.map((text, at) => {
      const made = heading("col", at);
      made.append(bakeoff.element("span", {}, text));
      return made;
    }));
    const rows = texts.map((text, row) => {
      const made = bakeoff.element("tr");
      const name = heading("row", row);
      name.textContent = text;
      made.append(name, ...sums[row].map((n, column) =>
        bakeoff.element("td", { class: kind(row === place, column === place) }, bakeoff.count(n))));
      return made;
    });
    table.classList.toggle("long", texts.some((text) => text.length > LONG));
    table.replaceChildren(bakeoff.element("thead"), bakeoff.element("tbody"));
    table.tHead.append(head);
    table.tBodies[0].append(...rows);
  };
})();
