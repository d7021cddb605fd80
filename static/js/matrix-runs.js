/* A run as the confusion matrix shows it, and its headline numbers. */
"use strict";

bakeoff.matrixRun = (id, shard, n) => ({
  id, shard, name: `${shard.model}, ${shard.variant}`, matrix: shard.absent ? null : bakeoff.matrixCounts(shard, n),
});

/* list: a <dl>; of two runs both values stand behind each label, under the runs' names. */
bakeoff.matrixFacts = (list, runs) => {
  const two = runs.length === 2;
  list.classList.toggle("two", two);
  const names = two ? [["", runs.map(({ name }) => name)]] : [];
  const byLabel = runs.map(({ shard }) => new Map(shard.facts));
  const facts = [...byLabel[0].keys()].map((label) => [label, byLabel.map((texts) => texts.get(label) ?? "–")]);
  list.replaceChildren(...[...names, ...facts].flatMap(([label, texts]) => [
    bakeoff.element("dt", {}, label), ...texts.map((text) => bakeoff.element("dd", {}, text)),
  ]));
};
