/* A cell of the confusion matrix in words, and where its images are. */
"use strict";

bakeoff.matrixWords = (() => {
  function named({ kind, name, members }) {
    if (kind === "class") return `“${name}”`;
    const n = bakeoff.count(members.length);
    return kind === "superclass" ? `any “${name}” (${n} classes)` : `any of the ${n} other classes`;
  }

  function shareOf(count, whole, values) {
    return whole ? ` (${bakeoff.share(count, whole)} of the ${values === "column" ? "column" : "row"})` : "";
  }

  /* A cell's count and what it is read as a share of: the column or, for rows and counts, the row. */
  function numbers(view, [row, column], values) {
    const { count, right } = view.at(row, column);
    const whole = values === "column" ? view.columnSums[column] : view.rowSums[row];
    return { count, right, whole };
  }

  /* at: [row, column]; values: row, column or count. */
  function ofOne(view, at, values) {
    const { count, right, whole } = numbers(view, at, values);
    const [target, prediction] = at.map((place) => view.groups[place]);
    const total = `${bakeoff.count(count)} of ${bakeoff.count(whole)} image${whole === 1 ? "" : "s"}`;
    const one = count === 1;
    const what = values === "column"
      ? `called ${named(prediction)} ${one ? "is" : "are"} ${named(target)}`
      : `of ${named(target)} ${one ? "was" : "were"} called ${named(prediction)}`;
    const rightly = at[0] === at[1] && target.kind !== "class"
      ? `; ${bakeoff.count(right)} of these got the right class` : "";
    return `${total} ${what}${shareOf(count, whole, values)}${rightly}`;
  }

  /* views, names: of two runs. */
  function ofTwo(views, names, at, values) {
    const [first, second] = views.map((view) => numbers(view, at, values));
    const [target, prediction] = at.map((place) => views[0].groups[place]);
    const said = [first, second].map(({ count, whole }, index) =>
      `${bakeoff.count(count)} of ${bakeoff.count(whole)} by ${names[index]}${shareOf(count, whole, values)}`);
    const images = first.count - second.count;
    const of = ({ count, whole }) => (whole ? count / whole : 0);
    const difference = `${bakeoff.signedCount(images)} images, ${bakeoff.signedPoints(of(first) - of(second))}`;
    return `${named(target)} called ${named(prediction)}: ${said.join("; ")}. Difference: ${difference}`;
  }

  /* As site_builder/addresses.py does. */
  function images(run, target, prediction) {
    return bakeoff.href(`errors.html#view=cell&run=${run}&target=${target}&prediction=${prediction}`);
  }

  return { images, ofOne, ofTwo };
})();
