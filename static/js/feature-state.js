/* What feature-maps.html shows, as its address says: run, layer and channel, those of a second panel
   as run2, layer2 and channel2, and for both image, sort, map and class. */
"use strict";

bakeoff.featureState = (() => {
  /* choices: the values that the page offers, by key. A second panel is there where run2 is. */
  function read(state, choices) {
    const known = (key) => (choices[key].includes(state.get(key)) ? state.get(key) : choices[key][0]);
    const panels = ["", "2"].map((suffix) => ({
      suffix, id: known(`run${suffix}`), layer: state.get(`layer${suffix}`),
      channel: Number(state.get(`channel${suffix}`) ?? NaN),
    }));
    return {
      panels: panels.filter(({ id }) => id),
      image: state.get("image"),
      sort: known("sort"),
      map: known("map"),
      of: state.get("class") === "target" ? "target" : "prediction",
    };
  }

  /* Where a layer is among those mapped: it, or the nearest inside or around it; -1 for none. */
  function placeOf(layers, asked) {
    if (!asked) return -1;
    const exact = layers.findIndex(({ name }) => name === asked);
    if (exact >= 0) return exact;
    return layers.findLastIndex(({ name }) => asked.startsWith(`${name}.`) || name.startsWith(`${asked}.`));
  }

  /* The place of the layer of each panel. The second shows the layer of that name, else of that
     place; beside itself a model shows its next layer. */
  function layers(panels, runs) {
    const first = Math.max(placeOf(runs[0].layers, panels[0].layer), 0);
    if (panels.length === 1) return [first];
    const [all, beside] = runs.map((run) => run.layers);
    const same = panels[1].id === panels[0].id;
    const found = [placeOf(beside, panels[1].layer), same ? first + 1 : placeOf(beside, all[first].name), first];
    return [first, Math.min(found.find((place) => place >= 0), beside.length - 1)];
  }

  return { layers, placeOf, read };
})();
