/* What the parts of compare.html share about runs: lists in the address, the filter, and which run
   is pointed at, in a table or in a chart. */
"use strict";

{
  const listeners = [];
  let pointed = null;

  /* Several ids in one value of the state. */
  bakeoff.words = (state, key) => (state.get(key) ?? "").split(" ").filter(Boolean);

  /* Whether a row of runs is left by the filter: its text, its family and its variant. */
  bakeoff.passes = (row, state) => {
    const { family, variant } = row.dataset;
    const text = row.cells[0].textContent.toLowerCase();
    const wanted = (state.get("find") ?? "").toLowerCase().split(" ").filter(Boolean);
    return (!state.get("family") || state.get("family") === family)
      && (!state.get("variant") || state.get("variant") === variant)
      && wanted.every((word) => text.includes(word) || family.includes(word));
  };

  /* Tells all parts that the reader points at a run, or at none (null). */
  bakeoff.point = (run) => {
    if (run === pointed) return;
    pointed = run;
    for (const listener of listeners) listener(run);
  };

  bakeoff.onPoint = (listener) => listeners.push(listener);
}
