/* A moment of training, at which curves.html reads the runs drawn: { words, epochOf, epoch, marked }. epochOf
   tells the epoch of a series, 0 before the end of its first; epoch is that of all, if they have the same; end is
   when the epoch that a time was nearest to was over. */
"use strict";

bakeoff.curvesMoment = (() => {
  const TIME = 5;

  const best = { words: "At the best epoch of each run", epochOf: ({ best: of }) => of, epoch: null, marked: false };

  function inEpoch(epoch) {
    return { words: `In epoch ${bakeoff.count(epoch)}`, epochOf: () => epoch, epoch, marked: true };
  }

  /* When the epochs of the series drawn were over, from the first to the last: seconds, and the same in words. */
  function ends(drawn) {
    const all = drawn.flatMap(({ series }) =>
      series.values.seconds.map((end, place) => [end, series.texts[place][0][TIME]]));
    return [...new Map(all)].sort(([a], [b]) => a - b);
  }

  /* When an epoch of a series was over, the nearest to the time given; each series in its last one until then. */
  function atTime(drawn, seconds) {
    const [end, words] = ends(drawn).reduce((found, one) =>
      (Math.abs(one[0] - seconds) < Math.abs(found[0] - seconds) ? one : found));
    const epochOf = (series) => series.values.seconds.findLastIndex((of) => of <= end) + 1;
    return { words: `After ${words}`, epochOf, epoch: null, end, marked: true };
  }

  return { atTime, best, ends, inEpoch };
})();
