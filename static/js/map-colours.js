/* What the points of the map can be coloured by: classes while there are colours for them, else
   superclasses, else right or wrong alone. */
"use strict";

bakeoff.mapColours = (() => {
  const wrong = bakeoff.imageLists.wrong;

  /* The names that are coloured, and the group of a class; null where there are too many. */
  function ofClasses(about, classes, groups) {
    const most = 2 * bakeoff.mapDrawing.N_COLOURS;
    if (classes.length <= most) return { names: classes, of: (target) => target, what: "" };
    if (!groups.length || groups.length > most) return null;
    return { names: groups, of: (target) => about.superclasses[target], what: "superclass of the " };
  }

  /* asked: the name in the address. Returns the colourings that are offered, name to text, the one
     that is used, the names of its groups for the legend, and the group of a point. */
  return (asked, about, classes, groups) => {
    const grouped = ofClasses(about, classes, groups);
    const ofGroups = grouped && {
      target: `${grouped.what}true class`, prediction: `${grouped.what}prediction`,
    };
    const offered = { ...ofGroups, correctness: "right or wrong" };
    const name = Object.hasOwn(offered, asked) ? asked : Object.keys(offered)[0];
    if (name === "correctness") {
      return {
        name, offered, names: [["right", "right"], ["wrong", "wrong"]],
        group: (point) => (wrong(point) ? "wrong" : "right"),
      };
    }
    const group = name === "target" ? ({ target }) => grouped.of(target)
      : ({ answers: [[chosen]] }) => grouped.of(chosen);
    return { name, offered, names: [...grouped.names.entries()], group };
  };
})();
