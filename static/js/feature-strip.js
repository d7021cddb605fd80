/* The layers of a run as links, each with a block to scale: as high as its resolution, as wide as
   its channels. */
"use strict";

bakeoff.featureStrip = (() => {
  const SIDE = 72;
  const LEAST = 2;

  /* The most channels and the highest resolution of several runs, for one scale. */
  function scale(runs) {
    const sizes = runs.flatMap(({ layers }) => layers.map(({ size }) => size));
    return { channels: Math.max(...sizes.map(([n]) => n)), height: Math.max(...sizes.map(([, n]) => n)) };
  }

  function block([channels, resolution], most) {
    const width = Math.max((SIDE * channels) / most.channels, LEAST);
    const height = Math.max((SIDE * resolution) / most.height, LEAST);
    const made = bakeoff.svg("svg", { width: width + 2, height: height + 2, "aria-hidden": "true" });
    made.append(bakeoff.svg("rect", { x: 1, y: 1, width, height }));
    return made;
  }

  /* suffix: of the panel's keys in the address; at: the place of the layer that is shown. */
  function fill(nav, { layers }, suffix, at, most) {
    const focused = nav.contains(document.activeElement);
    nav.replaceChildren(...layers.map(({ name, shape, size }, place) => {
      const link = bakeoff.element("a", {
        href: bakeoff.address({ [`layer${suffix}`]: name, [`channel${suffix}`]: null }),
      });
      if (place === at) link.setAttribute("aria-current", "true");
      link.append(block(size, most), bakeoff.element("span", {}, name), bakeoff.element("small", {}, shape));
      return link;
    }));
    if (focused) nav.children[at].focus({ preventScroll: true });
  }

  return { fill, scale };
})();
