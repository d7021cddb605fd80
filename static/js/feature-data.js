/* What feature-maps.html loads: of a run what there is, and of a layer the numbers of its channels,
   each as text; see site_builder/features/shards.py. */
"use strict";

bakeoff.featureData = (() => {
  function run(id) {
    return bakeoff.load(`feature-maps/${id}/run`);
  }

  function picture(id, name) {
    return bakeoff.href(`assets/feature-maps/${id}/${name}`);
  }

  /* The channels shown of a layer, as its atlas of a sample has them. */
  async function channels(id, layers, layer, sample) {
    const { numbers, top } = await bakeoff.load(`feature-maps/${id}/${layer}`);
    const texts = Object.entries(numbers[sample]).map(([name, text]) => [name, text.split(" ")]);
    return layers[layer].shown.map((channel, place) => ({
      channel, place, top: pairs(top[place] ?? []),
      ...Object.fromEntries(texts.map(([name, of]) => [name, of[place]])),
    }));
  }

  function pairs(flat) {
    return Array.from({ length: flat.length / 2 }, (_, at) => ({ target: flat[2 * at], rank: flat[2 * at + 1] }));
  }

  /* A number as site_builder/formatting.py writes it; NaN where it is missing. */
  function number(text) {
    return Number(text.replaceAll("−", "-"));
  }

  /* The channels by their index, or the greatest number first; what has none comes last. */
  function sorted(channels, order) {
    if (order === "index") return channels;
    const value = (of) => { const n = number(of[order]); return Number.isNaN(n) ? -Infinity : n; };
    return channels.toSorted((a, b) => (value(a) < value(b)) - (value(a) > value(b)));
  }

  return { channels, picture, run, sorted };
})();
