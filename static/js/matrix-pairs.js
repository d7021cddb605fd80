/* The ranked list of confused pairs: of one run the largest counts, of two what differs most. */
"use strict";

bakeoff.MatrixPairs = (() => {
  const FIRST = 10;
  const MORE = 50;

  function ofOne({ cells }) {
    return cells.filter(({ target, prediction }) => target !== prediction)
      .sort((a, b) => b.count - a.count);
  }

  function ofTwo(first, second) {
    const only = second.cells.filter(({ target, prediction }) => !first.count(target, prediction));
    return [...first.cells, ...only]
      .filter(({ target, prediction }) => target !== prediction)
      .map(({ target, prediction }) => {
        const counts = [first, second].map((matrix) => matrix.count(target, prediction));
        return { target, prediction, counts, difference: counts[0] - counts[1] };
      })
      .filter(({ difference }) => difference)
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference)
        || a.target - b.target || a.prediction - b.prediction);
  }

  return class {
    /* parts: elements by their data-part. */
    constructor(parts) {
      this.parts = parts;
      parts.get("more-pairs").addEventListener("click", () => {
        const from = this.length;
        this.length += MORE;
        this.fill();
        // The button may have gone; the new rows are where one goes on.
        focusOn(parts.get("pairs").rows[from]);
      });
    }

    /* classes: names; runs: one or two of { id, matrix, shard }. */
    show(classes, runs) {
      Object.assign(this, { classes, runs, length: FIRST });
      const [first, second] = runs.map(({ matrix }) => matrix);
      this.pairs = second ? ofTwo(first, second) : ofOne(first);
      this.fill();
    }

    fill() {
      const two = this.runs.length === 2;
      const none = this.pairs.length === 0;
      this.parts.get("pairs-heading").textContent = two ? "Differ most" : "Most confused";
      this.parts.get("no-pairs").textContent = two
        ? "Both runs confuse the same classes equally often." : "No test image was taken for another class.";
      this.parts.get("no-pairs").hidden = !none;
      this.parts.get("pairs-table").hidden = none;
      this.parts.get("pairs-table").classList.toggle("two", two);
      this.parts.get("pairs-head").replaceChildren(...(two
        ? ["First", "Second", "True class", "", "Prediction", "Difference", "Points"]
        : ["Images", "True class", "", "Prediction", "Of class", "Of pred."]
      ).map(heading));
      this.parts.get("pairs").replaceChildren(...this.pairs.slice(0, this.length).map(
        (pair) => (two ? this.rowOfTwo(pair) : this.rowOfOne(pair)),
      ));
      const left = this.pairs.length - this.length;
      this.parts.get("more-pairs").hidden = left <= 0;
      this.parts.get("more-pairs").textContent = left > MORE
        ? `Show ${MORE} more of ${bakeoff.count(left)}` : `Show the other ${bakeoff.count(left)}`;
    }

    rowOfOne({ target, prediction, count }) {
      const { matrix } = this.runs[0];
      return row(
        this.linked(0, target, prediction, count), ...this.names(target, prediction),
        bakeoff.share(count, matrix.rowSums[target]), bakeoff.share(count, matrix.columnSums[prediction]),
      );
    }

    rowOfTwo({ target, prediction, counts, difference }) {
      return row(
        ...counts.map((count, index) => this.linked(index, target, prediction, count)),
        ...this.names(target, prediction), bakeoff.matrixNumber(difference, true),
        this.pointsOfClass(target, counts),
      );
    }

    /* How far apart the shares of the true class are, in percentage points. */
    pointsOfClass(target, counts) {
      const [first, second] = this.runs.map(({ matrix }, index) => counts[index] / (matrix.rowSums[target] || 1));
      return `${first > second ? "+" : ""}${bakeoff.barePoints(first - second)}`;
    }

    names(target, prediction) {
      const arrow = bakeoff.element("span", {}, "→");
      arrow.append(bakeoff.element("span", { class: "hidden" }, " called"));
      return [this.classes[target], arrow, this.classes[prediction]];
    }

    /* A count that leads to its images, where it is known which they are. */
    linked(index, target, prediction, count) {
      const { id, shard } = this.runs[index];
      if (!count || !shard.images) return bakeoff.count(count);
      const href = bakeoff.matrixWords.images(id, target, prediction);
      const link = bakeoff.element("a", { href }, bakeoff.count(count));
      link.append(bakeoff.element("span", { class: "hidden" }, ", show the images"));
      return link;
    }
  };

  /* A row without links takes the focus itself. */
  function focusOn(row) {
    const link = row.querySelector("a");
    if (!link) row.tabIndex = -1;
    (link ?? row).focus();
  }

  /* The column of the arrows is named for those who do not see them. */
  function heading(text) {
    const made = bakeoff.element("th", { scope: "col" }, text);
    if (text === "Points") made.title = "Difference of the shares of the true class, in percentage points.";
    if (!text) made.append(bakeoff.element("span", { class: "hidden" }, "Called"));
    return made;
  }

  function row(...contents) {
    const made = bakeoff.element("tr");
    for (const content of contents) {
      const cell = bakeoff.element("td");
      cell.append(content);
      made.append(cell);
    }
    return made;
  }
})();
