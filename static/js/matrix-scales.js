/* How a share becomes depth of colour. `stops` are the shares that the legend shows. */
"use strict";

bakeoff.matrixScales = {
  // So that rare errors can be seen at all.
  root: {
    name: "square-root scale",
    depth: (share) => Math.max(0.12, Math.sqrt(share)),
    stops: [0.01, 0.1, 0.25, 0.5, 1],
  },
  linear: {
    name: "linear scale",
    depth: (share) => Math.max(0.04, share),
    stops: [0.05, 0.25, 0.5, 0.75, 1],
  },
  // Three decades; what is rarer looks like a thousandth.
  log: {
    name: "logarithmic scale",
    depth: (share) => Math.max(0.1, 1 + 0.3 * Math.log10(share)),
    stops: [0.001, 0.01, 0.1, 1],
  },
};
