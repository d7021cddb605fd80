/* What a click or Enter on a cell of the confusion matrix does: it unfolds the superclasses that the
   cell is made of, else it shows the cell's images. */
"use strict";

bakeoff.matrixLead = (() => {
  function unfold(folded, closed) {
    const blocks = folded.map(({ block }) => block);
    const names = new Set(folded.map(({ name }) => `“${name}”`));
    const left = [...closed].filter((block) => !blocks.includes(block));
    return {
      words: `A click or Enter unfolds ${[...names].join(" and ")}.`,
      go: () => bakeoff.write({ "matrix-closed": left.join(".") }),
    };
  }

  const nothing = (words) => ({ words, go: null });

  /* groups: see matrix-groups.js; at: [row, column]; shown: { run, view } of each run that the cell
     counts images of, in a difference both; two: whether two runs are compared; closed: the folded
     superclasses. Returns go(), null where there is nothing to show, and words: why, or what go does
     where the line under the matrix does not say so; else "". */
  return (groups, at, shown, two, closed) => {
    const cell = at.map((place) => groups[place]);
    const folded = cell.filter(({ kind }) => kind === "superclass");
    if (folded.length) return unfold(folded, closed);
    const counted = shown.filter(({ view }) => view.at(...at).count > 0);
    if (!counted.length) {
      // Of two pictures the other one may have some.
      return nothing(two && shown.length === 1 ? `No images of ${shown[0].run.name} to show.` : "No images to show.");
    }
    if (cell.some(({ kind }) => kind === "other")) return nothing("To show images, choose all classes above.");
    const found = counted.find(({ run }) => run.shard.images);
    if (!found) return nothing("Which images these are is not stored.");
    const { id, name } = found.run;
    const [target, prediction] = cell.map(({ members }) => members[0]);
    return {
      words: two ? `A click or Enter shows those of ${name}.` : "",
      go: () => location.assign(bakeoff.matrixWords.images(id, target, prediction)),
    };
  };
})();
