/* A moment of training, at which curves.html reads the runs drawn: { words, epochOf, epoch, marked }. epochOf
   tells the epoch of a series, 0 before the end of its first; epoch is that of the slider, if all have the same. */
"use strict";

bakeoff.curvesMoment = (() => {
  const TIME = 5;

  const best = { words: "At the best epoch of each run", epochOf: ({ best: of }) => of, epoch: null, marked: false };

  function inEpoch(epoch) {
    return { words: `In epoch ${bakeoff.count(epoch)}`, epochOf: () => epoch, epoch, marked: true };
  }

  /* When an epoch of a series was over, the nearest to the time given; each series in its last one until then. */
  function atTime(drawn, seconds) {
    const ends = drawn.flatMap(({ series }) => series.values.seconds.map((end, place) => [end, series.texts[place]]));
    const [end, [numbers]] = ends.reduce((found, one) =>
      (Math.abs(one[0] - seconds) < Math.abs(found[0] - seconds) ? one : found));
    const epochOf = (series) => series.values.seconds.findLastIndex((of) => of <= end) + 1;
    return { words: `After ${numbers[TIME]}`, epochOf, epoch: null, marked: true };
  }

  return { atTime, best, inEpoch };
})();
