/* What errors.html says above its list of images: what is listed, how many, in which order. */
"use strict";

bakeoff.imageWords = (() => {
  const ORDER = {
    confident: "The most confident mistakes come first.",
    "all-wrong": "Those that the runs are surest of come first.",
    only: "The surest answers come first.",
    disagree: "The least agreed come first, each with the class that most runs chose.",
    pair: "Each with what the run that is wrong called it, the surest first.",
    margin: "The narrowest come first, each with the two classes.",
    class: "Mistakes come first, the surest before the others; then what is right, the least sure first.",
    cell: "The surest come first.",
    map: "Images with alike features lie near each other; the axes, and distances between groups, mean nothing. Drag over points to list them, or give a region or a class. Mistakes come first.",
  };

  const SUSPICIONS = { label: " and may be labelled wrong", hard: " and hard or ambiguous" };
  const verb = (n, one, many) => (n <= 1 ? one : many);

  /* What is said of the images of a view: {n} is or are ... */
  const PREDICATES = {
    confident: (n, run) => `${verb(n, "is", "are")} wrong in ${run}`,
    "all-wrong": (n, run, runs, { suspicion }) =>
      `${verb(n, "is", "are")} wrong in ${["the one run", "both runs"][runs - 1] ?? `all ${runs} runs`}${SUSPICIONS[suspicion] ?? ""}`,
    only: (n, run, runs) => `${verb(n, "is", "are")} right in ${run} and wrong in ${runs === 2 ? "the other run" : `all ${runs - 1} other runs`}`,
    disagree: (n) => `${verb(n, "is", "are")} given different classes by the runs`,
    pair: (n, run, runs, { other }, about) =>
      `${verb(n, "is", "are")} right in ${run} and wrong in ${about.answers.find(({ id }) => id === other).name}`,
    margin: (n, run) => `${verb(n, "is", "are")} ordered by how far the first choice of ${run} is ahead of its second`,
    class: (n, run) => `${verb(n, "is", "are")} called something else by ${run}`,
    map: (n, run, runs, { region }) => `${verb(n, "is", "are")} ${region ? "in the chosen region of" : "on"} the map of ${run}`,
  };

  function predicate(asked, n, about, classes) {
    const run = about.answers[asked.answer]?.name;
    if (asked.view !== "cell") return PREDICATES[asked.view](n, run, about.answers.length, asked, about);
    const rightly = asked.target === asked.prediction ? "rightly " : "";
    return `${verb(n, "was", "were")} ${rightly}called “${classes[asked.prediction]}” by ${run}`;
  }

  /* Of which images: all, those of a class, or those of a superclass. */
  function whole(asked, found, about, classes, groups) {
    const sum = (chosen) => about.support.reduce((total, n, target) => total + (chosen(target) ? n : 0), 0);
    if (asked.target !== null) return [about.support[asked.target], ` of “${classes[asked.target]}”`];
    if (asked.superclass === null) return [found.of ?? sum(() => true), ""];
    return [
      sum((target) => about.superclasses[target] === asked.superclass),
      ` of the superclass “${groups[asked.superclass]}”`,
    ];
  }

  function images(n) {
    return `${bakeoff.count(n)} test image${n === 1 ? "" : "s"}`;
  }

  function headline(asked, found, about, classes, groups) {
    const n = asked.view === "class" ? found.images.filter(bakeoff.imageLists.wrong).length : found.n;
    const [of, ofWhat] = whole(asked, found, about, classes, groups);
    const said = predicate(asked, n, about, classes);
    if (n === 0) return `No test image${ofWhat} ${said}`;
    return n === of ? `${n === 1 ? "The only" : "All"} ${images(n)}${ofWhat} ${said}`
      : `${bakeoff.count(n)} of ${images(of)}${ofWhat} ${said}`;
  }

  /* Where no probabilities are known that would order a view: what its order is; else empty. */
  function unordered(view, said, about) {
    const inOrder = "In the order of the test set";
    if (view === "all-wrong") {
      return about.answers.every(({ noConfidence }) => noConfidence) ? `${inOrder}: no run’s probabilities are known.` : "";
    }
    if (["disagree", "map"].includes(view) || !said?.noConfidence) return "";
    return `${view === "class" ? "Mistakes come first, then what is right, both in the order of the test set" : inOrder}: the run’s probabilities are not known.`;
  }

  function note(asked, found, about) {
    // A pair is listed by what the run that is wrong said.
    const said = asked.view === "pair" ? about.answers.find(({ id }) => id === asked.other) : about.answers[asked.answer];
    const order = unordered(asked.view, said, about) || ORDER[asked.view];
    const some = found.first < found.n
      ? ` Only the first ${bakeoff.count(found.first)} are listed; choose a class to list all of its own.` : "";
    const rule = asked.view === "all-wrong" && about.rule ? ` ${about.rule}` : "";
    return found.images.length ? order + rule + some : "";
  }

  return { headline, note };
})();
