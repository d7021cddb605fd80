/* The matrix that is shown as a real table, for screen readers and paper, where it is small enough. */
"use strict";

bakeoff.MatrixTable = (() => {
  const MOST = 60;

  return class {
    /* parts: elements by their data-part. Filled only when somebody looks. */
    constructor(parts) {
      this.parts = parts;
      const details = parts.get("details");
      details.open = false;
      details.addEventListener("toggle", () => details.open && this.fill());
      window.addEventListener("beforeprint", () => {
        this.wasOpen = details.open;
        details.open = true;
        this.fill();
      });
      window.addEventListener("afterprint", () => { details.open = this.wasOpen; });
    }

    /* groups: see matrix-groups.js; text(row, column): a cell's number; caption: what it is. */
    show(groups, text, caption) {
      Object.assign(this, { groups, text, caption });
      this.stale = true;
      const fits = groups.length <= MOST;
      this.parts.get("table").hidden = !fits;
      this.parts.get("too-many").hidden = fits;
      if (this.parts.get("details").open) this.fill();
    }

    fill() {
      if (!this.stale || this.groups.length > MOST) return;
      this.stale = false;
      const { caption, tHead, tBodies } = this.parts.get("table");
      caption.textContent = `${this.caption}. Rows are true classes, columns predictions.`;
      const names = this.groups.map(({ name, members, kind }) =>
        (kind === "class" ? name : `${name} (${bakeoff.count(members.length)} classes)`));
      const heading = (scope) => (name) => bakeoff.element("th", { scope }, name);
      tHead.rows[0].replaceChildren(bakeoff.element("td"), ...names.map(heading("col")));
      tBodies[0].replaceChildren(...names.map((name, row) => {
        const made = bakeoff.element("tr");
        const cells = names.map((_, column) => bakeoff.element("td", {}, this.text(row, column)));
        made.append(heading("row")(name), ...cells);
        return made;
      }));
    }
  };
})();
