/* The images that all runs get wrong, told apart by what the runs say: the label may be wrong, or the
   image is hard. Which is which is found by the build (site_builder/explorer/suspicion.py). */
"use strict";

bakeoff.imageSuspicions = (() => {
  // In the order of the numbers that the shards give them; -1 is none.
  const names = ["hard", "label"];
  const WORDS = { hard: "hard or ambiguous", label: "label may be wrong" };

  function among(images, name) {
    return images.filter(({ suspicion }) => names[suspicion] === name);
  }

  /* What is said of an image on its card; nothing where there is nothing to say. */
  function tag({ suspicion }) {
    const word = WORDS[names[suspicion]];
    return word ? [bakeoff.element("span", { class: "sample-suspicion" }, word)] : [];
  }

  /* A link to all the images of the view and to those of each suspicion; inView, suspected: how many. */
  function links(asked, { inView, suspected }) {
    return [[null, "All", inView], ...["label", "hard"].map((name) => [name, WORDS[name], suspected(name)])]
      .map(([suspicion, text, n]) => {
        const href = bakeoff.address({ view: "all-wrong", suspicion, image: null });
        const link = bakeoff.element("a", { href }, `${text[0].toUpperCase()}${text.slice(1)}: ${bakeoff.count(n)}`);
        if (suspicion === asked.suspicion) link.setAttribute("aria-current", "true");
        return link;
      });
  }

  return { among, links, names, tag };
})();
