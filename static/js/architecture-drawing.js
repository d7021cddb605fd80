/* The drawing of one stage's layers, beside the table of them: a cursor that follows the pointer or the
   arrow keys, and the layer under it in words. */
"use strict";

bakeoff.StageDrawing = (() => {
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

  function words(layer) {
    const [name, kind, shape, parameters, flops] = [...layer.cells].map((cell) => cell.textContent);
    const opens = layer.querySelector("a") ? ". A click, or Enter, shows its feature maps." : "";
    return `${name}: ${kind}; ${shape}; ${parameters} parameters, ${flops} FLOPs${opens}`;
  }

  return class {
    constructor(stage) {
      this.body = stage.querySelector("tbody");
      this.readout = stage.querySelector("[data-part=readout]");
      this.idle = this.readout.textContent;
      this.drawing = stage.querySelector("svg");
      this.edges = this.drawing.dataset.edges.split(" ").map(Number);
      this.cursor = bakeoff.svg("rect", { class: "cursor", visibility: "hidden" });
      this.drawing.append(this.cursor);
      this.makeReachable(stage.querySelector("summary").textContent.trim());
      this.drawing.addEventListener("pointermove", (event) => this.goTo(this.under(event)));
      this.drawing.addEventListener("click", (event) => {
        // A finger has left before its click comes.
        this.goTo(this.under(event));
        this.open();
      });
      this.drawing.addEventListener("pointerleave", () => this.leave());
      this.drawing.addEventListener("blur", () => this.leave());
      this.drawing.addEventListener("keydown", (event) => this.key(event));
    }

    /* What is drawn is in the table, so only with the keys below is there something to go to. */
    makeReachable(name) {
      this.drawing.removeAttribute("aria-hidden");
      for (const [key, value] of Object.entries({
        tabindex: "0",
        role: "application",
        "aria-label": `Layers of stage ${name}. Arrow keys lead from layer to layer.`,
      })) this.drawing.setAttribute(key, value);
      this.readout.setAttribute("aria-live", "polite");
    }

    under(event) {
      const box = this.drawing.getBoundingClientRect();
      const x = (event.clientX - box.left) * (this.drawing.viewBox.baseVal.width / box.width);
      return this.edges.findLastIndex((edge) => edge <= x);
    }

    /* Follows the link of the layer under the cursor, if it has one. */
    open() {
      this.body.rows[this.at]?.querySelector("a")?.click();
    }

    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter") this.open();
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      this.goTo((this.at ?? (step > 0 ? -1 : this.n)) + step);
    }

    get n() {
      return this.edges.length - 1;
    }

    goTo(place) {
      this.unmark();
      this.at = Math.min(Math.max(place, 0), this.n - 1);
      const [left, right] = this.edges.slice(this.at);
      const { y } = this.drawing.viewBox.baseVal;
      for (const [key, value] of Object.entries({ x: left, y: y + 1, width: right - left, height: -y - 1 })) {
        this.cursor.setAttribute(key, value);
      }
      this.cursor.setAttribute("visibility", "visible");
      const layer = this.body.rows[this.at];
      layer?.classList.add("pointed");
      this.readout.textContent = layer ? words(layer) : this.idle;
    }

    unmark() {
      this.body.rows[this.at]?.classList.remove("pointed");
    }

    leave() {
      this.unmark();
      this.at = undefined;
      this.cursor.setAttribute("visibility", "hidden");
      this.readout.textContent = this.idle;
    }
  };
})();
