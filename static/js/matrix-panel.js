/* One drawn confusion matrix: a window onto it that zooms and scrolls, with the labels always in
   view, and a cursor. What is in the window is drawn again whenever it moves. */
"use strict";

bakeoff.MatrixPanel = (() => {
  const SVG_UP_TO = 60;
  const SCROLL_BAR = 20;
  const STEPS = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity],
  };
  // A press that moves further is a drag.
  const DRAG_PX = 4;

  return class {
    /* owner hears goTo([row, column], panel), announce(), leave(), open(panel), scrolled(panel) and
       zoomBy(factor, panel, x, y). */
    constructor(owner) {
      this.owner = owner;
      this.title = bakeoff.element("p", { class: "panel-name", hidden: "" });
      this.picture = bakeoff.element("div", { class: "picture" });
      this.spacer = bakeoff.element("div", { class: "spacer" });
      this.stage = bakeoff.element("div", {
        class: "stage", tabindex: "0", role: "application", "aria-describedby": "matrix-readout",
      });
      this.stage.append(this.picture, this.spacer);
      this.element = bakeoff.element("div", { class: "panel" });
      this.element.append(this.title, this.stage);
      this.listen();
    }

    listen() {
      const on = (name, listener, options) => this.stage.addEventListener(name, listener, options);
      on("pointerdown", (event) => this.press(event));
      on("pointermove", (event) => this.pointerMoved(event));
      on("pointerleave", (event) => event.pointerType === "mouse" && !this.pressed && this.owner.leave());
      on("pointerup", () => { this.pressed = null; });
      on("pointercancel", () => { this.pressed = null; });
      on("click", (event) => this.clicked(event));
      on("keydown", (event) => this.key(event));
      on("blur", () => this.owner.leave());
      on("scroll", () => { this.follow(); this.owner.scrolled(this); });
      on("wheel", (event) => this.wheel(event), { passive: false });
    }

    /* painted: see matrix-view.js; scale: see matrix-scales.js; base: see matrix-layout.js. */
    show(name, painted, scale, base, zoom) {
      this.stage.setAttribute("aria-label", `Confusion matrix: ${name}. Arrow keys move from cell to cell, `
        + "Enter shows its images, plus and minus zoom, Escape leaves.");
      this.title.textContent = name;
      Object.assign(this, { painted, scale, base });
      this.zoomTo(zoom);
    }

    /* Keeps what is at x, y (px from the first cell shown) where it is; by default the middle. */
    zoomTo(zoom, x = this.inside().width / 2, y = this.inside().height / 2) {
      const before = this.layout ?? bakeoff.matrixLayout.zoomed(this.base, 1);
      const { scrollLeft, scrollTop } = this.stage;
      this.layout = bakeoff.matrixLayout.zoomed(this.base, zoom);
      const { bottom, left, right, side, top } = this.layout;
      this.spacer.style.width = `${left + side + right}px`;
      this.spacer.style.height = `${top + side + bottom}px`;
      // A scroll bar below takes some of the height.
      this.stage.style.maxHeight = `${top + this.base.cell * this.base.n + bottom + SCROLL_BAR}px`;
      const grown = side / before.side;
      this.stage.scrollTo((scrollLeft + x) * grown - x, (scrollTop + y) * grown - y);
      this.paint();
    }

    /* The size of the part of the window that shows cells. */
    inside() {
      const { bottom, left, right, top } = this.base;
      return {
        width: this.stage.clientWidth - left - right,
        height: this.stage.clientHeight - top - bottom,
      };
    }

    /* Draws what has come into the window. The browser tells of scrolling in the next frame, when
       that may have been drawn long since. */
    follow() {
      const { scrollLeft, scrollTop } = this.stage;
      if (scrollLeft !== this.view.x || scrollTop !== this.view.y) this.paint();
    }

    paint() {
      const view = {
        x: this.stage.scrollLeft, y: this.stage.scrollTop,
        width: this.stage.clientWidth, height: this.stage.clientHeight,
      };
      const draw = this.base.n <= SVG_UP_TO ? bakeoff.drawMatrixSvg : bakeoff.drawMatrixCanvas;
      this.view = view;
      const last = this.picture.firstChild;
      this.picture.replaceChildren(
        draw(this.layout, this.painted, this.scale.depth, view, last), this.makeCursor(view),
      );
      this.mark(this.at);
    }

    makeCursor(view) {
      const { left, top, cell } = this.layout;
      const inside = this.inside();
      const layer = bakeoff.svg("svg", {
        class: "cursor-layer", width: view.width, height: view.height, "aria-hidden": "true",
      });
      const clip = bakeoff.svg("svg", {
        x: left - 1, y: top - 1, width: Math.max(inside.width, 0) + 2, height: Math.max(inside.height, 0) + 2,
      });
      const size = Math.max(cell, 4);
      this.cursor = bakeoff.svg("rect", { class: "cursor", width: size, height: size });
      clip.append(this.cursor);
      layer.append(clip);
      return layer;
    }

    /* at: [row, column], or null for nowhere. */
    mark(at) {
      this.at = at;
      if (at) {
        const { cell } = this.layout;
        this.cursor.setAttribute("x", at[1] * cell - this.stage.scrollLeft + 1);
        this.cursor.setAttribute("y", at[0] * cell - this.stage.scrollTop + 1);
      }
      this.cursor.setAttribute("visibility", at ? "visible" : "hidden");
    }

    /* Scrolls the least that brings a cell into the window, and the window into the page. */
    reveal([row, column]) {
      const { cell } = this.layout;
      const { width, height } = this.inside();
      const nearest = (scrolled, place, length) =>
        Math.max(Math.min(scrolled, place * cell), (place + 1) * cell - length);
      this.stage.scrollTo(
        nearest(this.stage.scrollLeft, column, width), nearest(this.stage.scrollTop, row, height),
      );
      this.follow();
      this.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    /* The cell under the pointer, or null. */
    cellAt(event) {
      const box = this.stage.getBoundingClientRect();
      const { cell, left, n, top } = this.layout;
      const [x, y] = [event.clientX - box.left - left, event.clientY - box.top - top];
      const inside = this.inside();
      if (x < 0 || y < 0 || x > inside.width || y > inside.height) return null;
      const at = [y + this.stage.scrollTop, x + this.stage.scrollLeft].map((px) => Math.floor(px / cell));
      return at.every((place) => place < n) ? at : null;
    }

    press(event) {
      // Other buttons, and a second finger, are the browser's.
      if (event.button !== 0 || !event.isPrimary) return;
      const at = this.cellAt(event);
      // A finger reads a cell with the first tap and opens it with the second.
      this.opens = event.pointerType === "mouse" || (at && String(at) === String(this.at));
      this.pressed = { x: event.clientX, y: event.clientY, mouse: event.pointerType === "mouse" };
      this.dragged = false;
      this.point(at);
    }

    pointerMoved(event) {
      // It may have been let go of elsewhere.
      if (!event.buttons) this.pressed = null;
      if (!this.pressed?.mouse) {
        this.point(this.cellAt(event));
        return;
      }
      const [x, y] = [this.pressed.x - event.clientX, this.pressed.y - event.clientY];
      if (!this.dragged && Math.hypot(x, y) < DRAG_PX) return;
      if (!this.dragged) this.stage.setPointerCapture(event.pointerId);
      this.dragged = true;
      this.stage.scrollBy(x, y);
      Object.assign(this.pressed, { x: event.clientX, y: event.clientY });
    }

    point(at) {
      if (at) this.owner.goTo(at, this);
      else this.owner.leave();
    }

    clicked() {
      if (this.opens && !this.dragged && this.at) this.owner.open(this);
    }

    wheel(event) {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = this.stage.getBoundingClientRect();
      const { left, top } = this.layout;
      this.owner.zoomBy(
        Math.exp(-event.deltaY / 300), this, event.clientX - box.left - left, event.clientY - box.top - top,
      );
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const zooms = { "+": 1.5, "=": 1.5, "-": 1 / 1.5 };
      if (event.key === "Escape") {
        this.stage.blur();
      } else if (event.key === "Enter") {
        if (this.at) this.owner.open(this);
      } else if (Object.hasOwn(zooms, event.key)) {
        event.preventDefault();
        this.owner.zoomBy(zooms[event.key]);
      } else if (Object.hasOwn(STEPS, event.key)) {
        event.preventDefault();
        this.step(STEPS[event.key]);
      }
    }

    /* The first key goes to the first cell in view. */
    step(by) {
      const { cell, n } = this.layout;
      const from = this.at ?? [this.stage.scrollTop, this.stage.scrollLeft].map((px) => Math.floor(px / cell));
      const to = from.map((place, axis) => Math.min(Math.max(place + (this.at ? by[axis] : 0), 0), n - 1));
      this.owner.goTo(to, this);
      this.owner.announce();
      this.reveal(to);
    }
  };
})();
