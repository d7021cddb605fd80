/* What feature-maps.html says in words about layers and channels. */
"use strict";

bakeoff.featureWords = (() => {
  const ORDERS = {
    index: "in their order", mean: "the greatest mean first", variance: "the greatest variance first",
    zeros: "the most zeros first", similarity: "the most alike to the class-activation map first",
  };
  const FACTS = [
    ["minimum", "Least"], ["maximum", "Greatest"], ["mean", "Mean"], ["variance", "Variance"],
    ["zeros", "Zeros, %"], ["similarity", "Similarity"], ["low", "Drawn from"], ["high", "Drawn to"],
  ];

  /* A layer among the others, and how its shape came about; asked: the layer in the address. */
  function step({ layers }, at, asked) {
    const { kind, shape, values, grid, change } = layers[at];
    const tokens = grid ? `; ${grid}` : "";
    const before = change ? `. Against the layer before: ${change}` : "";
    const missing = asked && asked !== layers[at].name ? `There are no maps of ${asked}; shown is ${layers[at].name}. ` : "";
    return `${missing}Layer ${at + 1} of ${layers.length}, ${kind}: ${shape}, ${values} values${tokens}${before}.`;
  }

  function channel({ channel: index, mean, variance, zeros, similarity }) {
    return `Channel ${index}: mean ${mean}, variance ${variance}, zeros ${zeros}\u00a0%, similarity ${similarity}`;
  }

  function grid({ name, of }, order) {
    return `Channels of ${name}, ${of}, ${ORDERS[order]}`;
  }

  return { FACTS, channel, grid, step };
})();
