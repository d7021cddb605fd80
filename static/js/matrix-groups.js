/* What a row and the column of the same place stand for: one class, a superclass folded up, or all
   the classes that are not among the most confused. */
"use strict";

bakeoff.matrixGroups = (() => {
  // The orders that are not stored.
  const COUNTED = { given: asGiven, accuracy: byAccuracy };

  /* Whether an order of the classes is read from the shard "orders". */
  bakeoff.matrixOrderIsStored = (order) => !Object.hasOwn(COUNTED, order);

  function asGiven({ n }) {
    return [...Array(n).keys()];
  }

  /* Best recall first; classes without an image last. */
  function byAccuracy({ n, count, rowSums }) {
    const recall = (index) => (rowSums[index] ? count(index, index) / rowSums[index] : -1);
    return [...Array(n).keys()].sort((a, b) => recall(b) - recall(a));
  }

  /* The classes of the most confused pairs of the runs shown, so that both of a pair are there. */
  function mostConfused(matrices, limit) {
    const pairs = matrices.flatMap(({ cells }) => cells)
      .filter(({ target, prediction }) => target !== prediction)
      .sort((a, b) => b.count - a.count);
    const kept = new Set();
    for (const { target, prediction } of pairs) {
      for (const index of [target, prediction]) if (kept.size < limit) kept.add(index);
    }
    return kept;
  }

  function ordered(state, orders, matrix) {
    return bakeoff.matrixOrderIsStored(state.order) ? orders[state.order] : COUNTED[state.order](matrix);
  }

  /* classes: names; orders: the shard of that name, or null where the order is not in it; matrices:
     counts of the runs shown; state: order, classes ("all" or how many), closed (folded superclasses). */
  return (classes, orders, matrices, state) => {
    const bySuperclass = state.order === "superclass";
    const kept = state.classes === "all" ? null : mostConfused(matrices, Number(state.classes));
    const groups = [];
    const folded = new Map();
    const rest = [];
    for (const index of ordered(state, orders, matrices[0])) {
      const block = bySuperclass ? orders.superclass_of[index] : 0;
      if (bySuperclass && state.closed.has(block)) {
        if (!folded.has(block)) {
          const group = { kind: "superclass", name: orders.superclasses[block], members: [], block };
          folded.set(block, group);
          groups.push(group);
        }
        folded.get(block).members.push(index);
      } else if (!kept || kept.has(index)) {
        groups.push({ kind: "class", name: classes[index], members: [index], block });
      } else {
        rest.push(index);
      }
    }
    if (rest.length) groups.push({ kind: "other", name: "other", members: rest, block: -1 });
    return groups;
  };
})();
