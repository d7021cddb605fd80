/* A run's confusion matrix as it is stored, without the empty cells, and what it adds up to. */
"use strict";

/* shard: steps from cell to cell and a count for each (see site_builder/matrices.py); n: classes. */
bakeoff.matrixCounts = (shard, n) => {
  const cells = [];
  const byPlace = new Map();
  const rowSums = new Array(n).fill(0);
  const columnSums = new Array(n).fill(0);
  let place = 0;
  for (const [index, step] of shard.steps.entries()) {
    place += step;
    const count = shard.counts[index];
    const target = Math.floor(place / n);
    const prediction = place % n;
    cells.push({ target, prediction, count });
    byPlace.set(place, count);
    rowSums[target] += count;
    columnSums[prediction] += count;
  }
  const count = (target, prediction) => byPlace.get(target * n + prediction) ?? 0;
  return { n, cells, count, rowSums, columnSums };
};
