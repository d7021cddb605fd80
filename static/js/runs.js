/* What the parts of compare.html share about runs: lists in the address, the filter, and which runs
   are pointed at, in a table or in a chart. */
"use strict";

{
  const listeners = [];
  let pointed = [];
  let rows = null;

  /* Several ids in one value of the state. */
  bakeoff.words = (state, key) => (state.get(key) ?? "").split(" ").filter(Boolean);

  /* The name in a row of one run or of several seeds, without what else stands beside it. */
  bakeoff.nameIn = (row) =>
    [...row.querySelectorAll(".model, .model + .var")].map((part) => part.textContent).join(" ");

  /* Whether a row of runs is left by the filter: its name, its family and its variant. */
  bakeoff.passes = (row, state) => {
    const { family, variant } = row.dataset;
    if (state.get("family") && state.get("family") !== family) return false;
    if (state.get("variant") && state.get("variant") !== variant) return false;
    const wanted = (state.get("find") ?? "").toLowerCase().split(" ").filter(Boolean);
    if (!wanted.length) return true;
    const name = bakeoff.nameIn(row).toLowerCase();
    return wanted.every((word) => name.includes(word) || family.includes(word));
  };

  /* The runs that the filter leaves. */
  bakeoff.runsLeft = (state) => {
    rows ??= [...document.querySelectorAll("sortable-table[data-key=performance] tr[data-run]")];
    return new Set(rows.filter((row) => bakeoff.passes(row, state)).map((row) => row.dataset.run));
  };

  /* Whether a click asks for no more than a click: with a key held, a link opens elsewhere. */
  bakeoff.isPlain = ({ altKey, ctrlKey, metaKey, shiftKey }) => !(altKey || ctrlKey || metaKey || shiftKey);

  /* Tells all parts which runs the reader points at: one, all seeds of a row, or none. */
  bakeoff.point = (runs) => {
    if (runs.join(" ") === pointed.join(" ")) return;
    pointed = runs;
    for (const listener of listeners) listener(runs);
  };

  bakeoff.onPoint = (listener) => listeners.push(listener);
}
