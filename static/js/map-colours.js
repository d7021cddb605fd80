/* What the points of the map can be coloured by: classes while there are colours for them, else
   superclasses; right or wrong; and where classes or superclasses have no colour of their own, one of
   them against the rest. In the address: colour=target, prediction, correctness, class.17 or
   superclass.3. */
"use strict";

bakeoff.mapColours = (() => {
  const wrong = bakeoff.imageLists.wrong;
  const chosen = ({ answers: [[first]] }) => first;
  const AGAINST = { class: "One class against the rest", superclass: "One superclass against the rest" };

  /* The classes, then the superclasses: their names, and which of them a class belongs to. */
  function kinds(about, classes, groups) {
    return [
      { kind: "class", names: classes, of: (target) => target, what: "" },
      { kind: "superclass", names: groups, of: (target) => about.superclasses[target], what: "superclass of the " },
    ].filter(({ names }) => names.length);
  }

  function hasColours({ names }) {
    return names.length <= 2 * bakeoff.mapDrawing.N_COLOURS;
  }

  /* All that can be chosen: name to colouring, each with its text, and title where it has one. */
  function colourings(about, classes, groups) {
    const known = kinds(about, classes, groups);
    const coloured = known.find(hasColours);
    const uncoloured = known.filter((kind) => !hasColours(kind));
    return new Map([
      ...(coloured ? [["target", byKind(coloured, "true class", ({ target }) => target)],
        ["prediction", byKind(coloured, "prediction", chosen)]] : []),
      ["correctness", {
        text: "right or wrong", names: [["right", "right"], ["wrong", "wrong"]],
        group: (point) => (wrong(point) ? "wrong" : "right"),
      }],
      ...uncoloured.flatMap((kind) => kind.names.map((_, at) => [`${kind.kind}.${at}`, against(kind, at)])),
    ]);
  }

  function byKind({ names, of, what }, text, read) {
    return { text: what + text, names: [...names.entries()], group: (point) => of(read(point)) };
  }

  /* The images of one kind, those that are called so in hollow marks of its colour, and the rest. */
  function against({ kind, names, of }, at) {
    const called = bakeoff.mapDrawing.N_COLOURS;
    return {
      title: AGAINST[kind],
      text: names[at],
      names: [[0, names[at]], [called, `called so, but another ${kind}`], ["rest", "the rest"]],
      group: (point) => (of(point.target) === at ? 0 : of(chosen(point)) === at ? called : "rest"),
    };
  }

  /* The options of a select: [title or nothing, name to text] for each title. */
  function offered(all) {
    const titles = new Map();
    for (const [name, { title, text }] of all) {
      titles.set(title, { ...titles.get(title), [name]: text });
    }
    return [...titles];
  }

  /* asked: the name in the address. Returns what is offered, the name that is used, its groups and
     their names for the legend, and the group of a point. */
  return (asked, about, classes, groups) => {
    const all = colourings(about, classes, groups);
    const name = all.has(asked) ? asked : all.keys().next().value;
    return { ...all.get(name), name, offered: offered(all) };
  };
})();
