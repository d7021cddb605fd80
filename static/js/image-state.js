/* What errors.html shows, as its address says: read once for all parts of the page. */
"use strict";

bakeoff.imageState = (() => {
  const VIEWS = ["confident", "all-wrong", "only", "disagree", "pair", "margin", "class", "cell", "map"];

  /* An index below `end`, or null. */
  function index(text, end) {
    return /^\d{1,9}$/.test(text ?? "") && Number(text) < end ? Number(text) : null;
  }

  /* Corners of a rectangle, from 0 to 1000, or null. */
  function region(text) {
    const found = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})\.(\d{1,4})$/.exec(text ?? "");
    return found && found.slice(1).map(Number);
  }

  /* An image by its class and its place there, or null. */
  function image(text, support) {
    const [target, place, ...rest] = (text ?? "").split(".");
    const found = index(target, support.length);
    if (found === null || rest.length) return null;
    const rank = index(place, support[found]);
    return rank === null ? null : { target: found, rank };
  }

  /* state: of the address; about: data/explorer.js. */
  function read(state, about) {
    const { support } = about;
    const view = VIEWS.includes(state.get("view")) ? state.get("view") : VIEWS[0];
    const run = bakeoff.selectedRun(state);
    const others = [...about.answers, ...about.others].filter(({ id }) => id !== run);
    const groups = Math.max(...(about.superclasses ?? []), -1) + 1;
    return {
      view,
      run,
      // Its place among the runs that are known image by image; -1 if it is not among them.
      answer: about.answers.findIndex(({ id }) => id === run),
      // The run that is wrong where the first is right: the one asked for, or else the best of the others.
      other: view === "pair" ? (others.find(({ id }) => id === state.get("other")) ?? others[0])?.id ?? null : null,
      // Of the images that all runs get wrong, those with this suspicion; see image-suspicions.js.
      suspicion: view === "all-wrong" && about.rule && bakeoff.imageSuspicions.names.includes(state.get("suspicion"))
        ? state.get("suspicion") : null,
      target: index(state.get("target"), support.length),
      prediction: index(state.get("prediction"), support.length),
      superclass: index(state.get("superclass"), groups),
      region: view === "map" ? region(state.get("region")) : null,
      colour: state.get("colour"),
      image: image(state.get("image"), support),
    };
  }

  return { read };
})();
