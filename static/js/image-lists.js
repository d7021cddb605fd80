/* Which images each view of errors.html lists. The lists of all classes and of superclasses
   are made by the build (site_builder/explorer/lists.py); those of one class are made here from its own shard. */
"use strict";

bakeoff.imageLists = (() => {
  const OF_RUN = ["confident", "only", "margin"];
  const PAIRS = 3;

  /* An image in a list: its class and place there, and what is said of it. */
  function fromRun(numbers) {
    return slices(numbers, 6).map(([target, rank, first, p, second, q]) =>
      ({ target, rank, answers: [[first, p], [second, q]] }));
  }

  function fromAll(numbers) {
    return slices(numbers, 5).map(([target, rank, chosen, n, suspicion]) =>
      ({ target, rank, votes: [chosen, n], suspicion }));
  }

  function slices(numbers, step) {
    return Array.from({ length: numbers.length / step }, (_, at) =>
      numbers.slice(at * step, (at + 1) * step));
  }

  /* What run `index` said of image `rank` of a class: pairs of class and probability. */
  function answers(shard, index, rank) {
    const from = rank * PAIRS * 2;
    return slices(shard.top[index].slice(from, from + PAIRS * 2), 2).filter(([chosen]) => chosen >= 0);
  }

  /* The class that most runs chose, the first one of a tie, and how many did. */
  function votes(shard, rank) {
    const counts = new Map();
    for (const top of shard.top) {
      const chosen = top[rank * PAIRS * 2];
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0];
  }

  const chosen = ({ answers: [[first]] }) => first;
  const sureness = ({ answers: [[, p]] }) => p;
  const wrong = (image) => chosen(image) !== image.target;

  /* Mistakes first, the surest before the others; then what is right, the least sure first. */
  function worstFirst(images) {
    return [
      ...images.filter(wrong).sort((a, b) => sureness(b) - sureness(a)),
      ...images.filter((image) => !wrong(image)).sort((a, b) => sureness(a) - sureness(b)),
    ];
  }

  function surestFirst(images) {
    return images.sort((a, b) => sureness(b) - sureness(a));
  }

  /* How many runs are right about image `rank`. */
  function nRight(shard, target, rank) {
    return shard.top.filter((top) => top[rank * PAIRS * 2] === target).length;
  }

  function meanSureness(shard, rank) {
    const known = shard.top.map((top) => top[rank * PAIRS * 2 + 1]).filter((p) => p >= 0);
    return known.reduce((sum, p) => sum + p, 0) / Math.max(known.length, 1);
  }

  /* The images of a class as each view lists them. */
  const ofClass = {
    class: (images) => worstFirst(images),
    cell: (images, asked) => surestFirst(images.filter((image) => chosen(image) === asked.prediction)),
    confident: (images) => surestFirst(images.filter(wrong)),
    margin: (images) => images.sort((a, b) => gap(a) - gap(b)),
    only: (images, asked, shard) => surestFirst(images.filter((image) =>
      !wrong(image) && nRight(shard, asked.target, image.rank) === 1)),
    "all-wrong": (images, asked, shard) => images
      .filter(({ rank }) => nRight(shard, asked.target, rank) === 0)
      .sort((a, b) => meanSureness(shard, b.rank) - meanSureness(shard, a.rank)),
    disagree: (images, asked, shard) => images
      .filter((image) => image.votes[1] < shard.top.length)
      .sort((a, b) => a.votes[1] - b.votes[1]),
  };

  function gap({ answers: [[, p], [, q]] }) {
    return p - q;
  }

  async function listClass(asked) {
    const shard = await bakeoff.load(`images/${asked.target}`);
    const shared = ["all-wrong", "disagree"].includes(asked.view);
    const images = shard.ids.map((_, rank) => (shared
      ? { target: asked.target, rank, votes: votes(shard, rank), suspicion: shard.suspicions[rank] }
      : { target: asked.target, rank, answers: answers(shard, asked.answer, rank) }));
    const inView = ofClass[asked.view](images, asked, shard);
    const listed = asked.suspicion ? bakeoff.imageSuspicions.among(inView, asked.suspicion) : inView;
    const suspected = (name) => bakeoff.imageSuspicions.among(inView, name).length;
    return { images: listed, n: listed.length, of: shard.ids.length, inView: inView.length, suspected };
  }

  function builtShard({ run, superclass }, ofRun) {
    if (superclass === null) return ofRun ? `views/${run}` : "views";
    return `superclasses/${superclass}${ofRun ? `/${run}` : ""}`;
  }

  async function listBuilt(asked) {
    const ofRun = OF_RUN.includes(asked.view);
    const shard = await bakeoff.load(builtShard(asked, ofRun));
    const { n, images } = shard[asked.suspicion ?? asked.view];
    const listed = (ofRun ? fromRun : fromAll)(images);
    const suspected = (name) => shard[name].n;
    return { images: listed, n, first: listed.length, inView: shard[asked.view].n, suspected };
  }

  async function listMap(asked, about) {
    const { images, x, y } = await bakeoff.load(`maps/${asked.run}`);
    const points = fromRun(images).map((image, at) => ({ ...image, x: x[at], y: y[at] }));
    const inClass = points.filter(({ target }) => asked.target === null || target === asked.target);
    const chosenOnes = inSuperclass(inClass, asked, about).filter((point) => inRegion(point, asked.region));
    return { images: worstFirst(chosenOnes), n: chosenOnes.length, of: points.length, points };
  }

  function inRegion({ x, y }, region) {
    if (!region) return true;
    const [left, top, right, bottom] = region;
    return x >= left && x <= right && y >= top && y <= bottom;
  }

  function inSuperclass(images, { superclass }, about) {
    if (superclass === null) return images;
    return images.filter(({ target }) => about.superclasses[target] === superclass);
  }

  /* Why a view has nothing to show of the run; empty if it has. */
  function reason({ view, run, other, answer }, about) {
    const needsAll = ["all-wrong", "disagree"].includes(view);
    if (needsAll && !about.answers.length) return "no run says what it made of each image";
    const why = (id) => about.others.find((run) => run.id === id)?.reason;
    if (!needsAll && answer < 0) return why(run) ?? "there is no such run";
    if (["only", "disagree", "pair"].includes(view) && about.answers.length < 2) return "there is no other run to compare with";
    if (view === "pair") return why(other) ?? "";
    if (view === "margin") return about.answers[answer].noMargin;
    return view === "map" ? about.answers[answer].noMap : "";
  }

  /* The images of a view: `images`; `n`, how many there are; and `of` how many, where it is known. */
  function list(asked, about) {
    if (asked.view === "map") return listMap(asked, about);
    if (asked.view === "pair") return bakeoff.imagePair.list(asked, about);
    return asked.target === null ? listBuilt(asked) : listClass(asked);
  }

  return { answers, list, reason, wrong };
})();
