/* <embedding-map>: the test images on a map by a run's features. Pointing at one shows it, dragging
   over some lists them: region=LEFT.TOP.RIGHT.BOTTOM in the address, and colour, see map-colours.js. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const MAX_SIDE = 560;
  const DRAG_PX = 5;
  const HINT = "Point at an image, or move from one to the next with the arrow keys; Enter opens it.";

  customElements.define("embedding-map", class extends HTMLElement {
    connectedCallback() {
      this.canvas = bakeoff.element("canvas", {
        tabindex: "0", role: "application", "aria-describedby": "map-readout",
        "aria-label": "Map of test images. Arrow keys move from image to image, Enter opens one, Escape leaves.",
      });
      this.picture = bakeoff.element("div");
      this.readout = bakeoff.element("p", { class: "map-readout", id: "map-readout" }, HINT);
      // Read out is what keys lead to, not all that a mouse passes over.
      this.announced = bakeoff.element("p", { class: "hidden", "aria-live": "polite" });
      this.legend = bakeoff.element("ul", { class: "map-legend", "aria-label": "Colours" });
      const beside = bakeoff.element("div", { class: "map-beside" });
      const shown = bakeoff.element("div", { class: "map-shown" });
      shown.append(this.picture, this.readout, this.announced);
      this.region = bakeoff.element("map-region");
      beside.append(this.makeTools(), this.legend, this.region, shown);
      this.append(this.canvas, beside);
      this.canvas.addEventListener("pointerdown", (event) => this.press(event));
      this.canvas.addEventListener("pointermove", (event) => this.point(event));
      this.canvas.addEventListener("pointerup", (event) => this.release(event));
      this.canvas.addEventListener("pointercancel", () => this.forget());
      this.canvas.addEventListener("pointerleave", () => this.goTo(null));
      this.canvas.addEventListener("keydown", (event) => this.move(event));
      bakeoff.onTheme(() => this.draw());
      new ResizeObserver(() => this.draw()).observe(this);
    }

    makeTools() {
      const tools = bakeoff.element("div", { class: "filters" });
      const label = bakeoff.element("label", {}, "Colour ");
      this.select = bakeoff.element("select", { "data-part": "colour" });
      this.select.addEventListener("change", () => bakeoff.write({ colour: this.select.value }));
      label.append(this.select);
      tools.append(label);
      return tools;
    }

    /* found: as listed; its `points` are all images on the map. */
    show(asked, found, about, classes, groups) {
      this.hidden = asked.view !== "map" || !found.points?.length;
      if (this.hidden) {
        // The pointer may have been down on it.
        this.start = this.dragged = null;
        return;
      }
      Object.assign(this, { asked, about, classes, points: found.points, chosen: new Set(found.images) });
      this.colouring = bakeoff.mapColours(asked.colour, about, classes, groups);
      this.select.replaceChildren(...this.colouring.offered.flatMap(choices));
      this.select.value = this.colouring.name;
      this.region.show(asked.region);
      this.legend.replaceChildren(...this.colouring.names.map(entry));
      this.goTo(null);
      this.draw();
    }

    draw() {
      if (this.hidden || !this.points) return;
      this.side = Math.min(this.clientWidth, MAX_SIDE);
      bakeoff.mapDrawing.draw(this.canvas, this.side, {
        points: this.points, group: this.colouring.group, chosen: this.chosen,
        region: this.dragged ?? this.asked.region, cursor: this.at,
      });
    }

    /* Where the pointer is on the canvas, px. */
    place({ clientX, clientY }) {
      const box = this.canvas.getBoundingClientRect();
      return [clientX - box.left, clientY - box.top];
    }

    press(event) {
      // Other buttons, and a second finger, are the browser's.
      if (event.button !== 0 || !event.isPrimary) return;
      this.start = this.place(event);
      this.canvas.setPointerCapture(event.pointerId);
    }

    point(event) {
      if (!event.isPrimary) return;
      const [x, y] = this.place(event);
      if (!this.start) {
        this.goTo(bakeoff.mapDrawing.pointAt(this.points, this.side, x, y));
      } else if (this.dragged || Math.hypot(x - this.start[0], y - this.start[1]) > DRAG_PX) {
        const [left, right] = [x, this.start[0]].sort((a, b) => a - b);
        const [top, bottom] = [y, this.start[1]].sort((a, b) => a - b);
        this.dragged = [left, top, right, bottom].map((value) => bakeoff.mapDrawing.toMap(value, this.side));
        this.draw();
      }
    }

    /* What was pressed elsewhere and is let go of here means nothing. */
    release(event) {
      if (!this.start || !event.isPrimary) return;
      const dragged = this.dragged;
      const found = bakeoff.mapDrawing.pointAt(this.points, this.side, ...this.place(event));
      this.forget();
      if (dragged) bakeoff.write({ region: dragged.join(".") });
      else if (found) this.open(found);
    }

    forget() {
      this.start = this.dragged = null;
      this.draw();
    }

    move(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
      if (event.key === "Escape") {
        this.goTo(null);
        this.canvas.blur();
      } else if (event.key === "Enter" && this.at) {
        this.open(this.at);
      } else if (Object.hasOwn(steps, event.key)) {
        event.preventDefault();
        const listed = [...this.chosen];
        this.goTo(this.at ? bakeoff.mapDrawing.pointTowards(listed, this.at, steps[event.key]) ?? this.at
          : listed[0] ?? null);
        this.announced.textContent = this.at ? this.readout.textContent : "";
      }
    }

    open({ target, rank }) {
      bakeoff.write({ image: `${target}.${rank}` });
    }

    goTo(point) {
      if (point === this.at) return;
      this.at = point;
      this.draw();
      if (!point) {
        this.picture.replaceChildren();
        this.readout.textContent = HINT;
        return;
      }
      this.picture.replaceChildren(bakeoff.imageCard.frame(point, this.about, true));
      this.readout.replaceChildren(
        bakeoff.element("span", { class: "sample-class" }, this.classes[point.target]), " ",
        bakeoff.imageCard.answer(point, this.about, this.classes, false),
      );
    }
  });

  /* What can be chosen: an option, or several with a title. */
  function choices([title, options]) {
    const made = Object.entries(options).map(([value, text]) => bakeoff.element("option", { value }, text));
    if (!title) return made;
    const together = bakeoff.element("optgroup", { label: title });
    together.append(...made);
    return together;
  }

  /* A line of the legend; the mark is as the map draws it. */
  function entry([group, name]) {
    const item = bakeoff.element("li");
    const mark = bakeoff.svg("svg", { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" });
    mark.append(group === "wrong"
      ? bakeoff.svg("path", { d: "M-4-4 4 4M-4 4 4-4", class: "mark-wrong" })
      : bakeoff.svg("circle", { r: 4, class: markClass(group) }));
    item.append(mark, ` ${name}`);
    return item;
  }

  function markClass(group) {
    if (["right", "rest"].includes(group)) return `mark-${group}`;
    const { N_COLOURS } = bakeoff.mapDrawing;
    return `mark-${(group % N_COLOURS) + 1}${group >= N_COLOURS ? " hollow" : ""}`;
  }
}
