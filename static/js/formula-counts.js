/* The numbers of one class, as site_builder/formulas/classes.py writes them for the class that the
   page is built with. */
"use strict";

bakeoff.classNumbers = (() => {
  const NO_IMAGES = "no test image is of this class";
  const NEVER_NAMED = "no test image was called so";
  const NOT_TOLD = "the import does not tell how often the class was named";
  const NEEDS_CHOICES = ["fp", "tn", "precision", "f1", "one-against-rest"];

  /* Hits, support and choices of all classes: of the matrix, or of an import that has none. */
  function allCounts(matrix, shard) {
    if (!matrix) return shard.counts;
    const hits = matrix.rowSums.map((_, target) => matrix.count(target, target));
    return [hits, matrix.rowSums, matrix.columnSums];
  }

  /* matrix: see matrix-counts.js, or null; shard: data/formulas/<run>.js; name: of the class. */
  return (matrix, shard, target, name) => {
    const all = allCounts(matrix, shard);
    const [hits, support, choices] = all.map((of) => of[target]);
    const whole = all[1].reduce((sum, n) => sum + n, 0);
    const [tp, fn, fp] = [hits, support - hits, choices - hits];
    const values = { class: name, tp: bakeoff.count(tp), fn: bakeoff.count(fn) };
    const missing = {};
    if (support) values.recall = bakeoff.percent(tp, support);
    else missing.recall = NO_IMAGES;
    if (choices < 0) {
      for (const place of NEEDS_CHOICES) missing[place] = NOT_TOLD;
      return { values, missing };
    }
    const tn = whole - tp - fp - fn;
    if (choices) values.precision = bakeoff.percent(tp, choices);
    else missing.precision = NEVER_NAMED;
    if (choices + support) values.f1 = bakeoff.percent(2 * tp, 2 * tp + fp + fn);
    else missing.f1 = NEVER_NAMED;
    Object.assign(values, {
      fp: bakeoff.count(fp), tn: bakeoff.count(tn), "one-against-rest": bakeoff.percent(tp + tn, whole),
    });
    return { values, missing };
  };
})();
