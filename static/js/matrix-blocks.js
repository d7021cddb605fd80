/* A button for each superclass that folds its classes up to one row and column, and unfolds them. */
"use strict";

bakeoff.matrixBlocks = (place, orders, { closed, order }) => {
  place.hidden = order !== "superclass";
  if (place.hidden) return;
  const every = [...orders.superclasses.keys()];
  const write = (blocks) => bakeoff.write({ "matrix-closed": blocks.join(".") });
  const toggle = (block) => (closed.has(block)
    ? every.filter((other) => closed.has(other) && other !== block)
    : every.filter((other) => closed.has(other) || other === block));
  const buttons = every.map((block) => {
    const n = orders.superclass_of.filter((of) => of === block).length;
    const button = bakeoff.element("button", { type: "button", "aria-expanded": String(!closed.has(block)) },
      `${orders.superclasses[block]} (${n})`);
    button.addEventListener("click", () => write(toggle(block)));
    return button;
  });
  const all = bakeoff.element("button", { type: "button" }, closed.size ? "Unfold all" : "Fold all");
  all.addEventListener("click", () => write(closed.size ? [] : every));
  const focused = [...place.children].indexOf(document.activeElement);
  place.replaceChildren(...buttons, all);
  place.children[focused]?.focus({ preventScroll: true });
};
