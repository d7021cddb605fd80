/* The images of errors.html that only one of two runs gets right: told by the mistakes of both. */
"use strict";

bakeoff.imagePair = (() => {
  const NUMBERS = 4;

  /* The images that a run gets wrong, of the chosen class or superclass. */
  async function mistakes(run, { target, superclass }, about) {
    const numbers = await bakeoff.load(`mistakes/${run}`);
    const images = Array.from({ length: numbers.length / NUMBERS }, (_, at) => {
      const [of, rank, chosen, p] = numbers.slice(at * NUMBERS, (at + 1) * NUMBERS);
      return { target: of, rank, answers: [[chosen, p]] };
    });
    return images.filter((image) => (target === null || image.target === target)
      && (superclass === null || about.superclasses[image.target] === superclass));
  }

  function without(images, others) {
    const key = ({ target, rank }) => `${target}.${rank}`;
    const left = new Set(others.map(key));
    return images.filter((image) => !left.has(key(image)));
  }

  /* The images that asked.run gets right and asked.other wrong; only: how many each has alone. */
  async function list(asked, about) {
    const [ours, theirs] = await Promise.all([asked.run, asked.other].map((run) => mistakes(run, asked, about)));
    const images = without(theirs, ours);
    const only = new Map([[asked.run, images.length], [asked.other, without(ours, theirs).length]]);
    return { images, n: images.length, only };
  }

  /* A link for each of the two runs, to the images that it alone gets right. */
  function links(asked, only, about) {
    return about.answers.filter(({ id }) => only.has(id)).map(({ id, name }) => {
      const other = id === asked.run ? asked.other : asked.run;
      const href = bakeoff.address({ view: "pair", run: id, other, image: null });
      const link = bakeoff.element("a", { href }, `Only ${name} right: ${bakeoff.count(only.get(id))}`);
      if (id === asked.run) link.setAttribute("aria-current", "true");
      return link;
    });
  }

  return { links, list };
})();
