/* <curves-view data-first data-max data-box>: a list of runs to tick, their learning curves over each
   other, and their numbers in one epoch. State in the address: runs, x, y, epoch, time. */
"use strict";

{
  customElements.define("curves-view", class extends HTMLElement {
    connectedCallback() {
      this.boxes = [...this.querySelectorAll(".picks input")];
      this.known = {
        keys: this.boxes.map((box) => box.value),
        first: this.dataset.first.split(" "),
        max: Number(this.dataset.max),
      };
      const [left, right, top, bottom] = this.dataset.box.split(" ").map(Number);
      this.box = { left, right, top, bottom };
      // Which colour each run has; it keeps it while it is drawn.
      this.places = new Map();
      this.drawn = [];
      this.listen();
      bakeoff.follow((state) => this.follow(state));
    }

    part(name) {
      return this.querySelector(`[data-part=${name}]`);
    }

    listen() {
      for (const box of this.boxes) box.addEventListener("change", () => this.pick(box));
      for (const button of this.querySelectorAll("[data-part=across]")) {
        button.addEventListener("click", () => bakeoff.write({ x: button.value === "epoch" ? null : button.value }));
      }
      for (const button of this.querySelectorAll("[data-part=scale]")) {
        button.addEventListener("click", () => bakeoff.write({ y: button.value === "linear" ? null : button.value }));
      }
      this.part("reset").addEventListener("click", () => bakeoff.write({ runs: null }));
      this.part("bests").addEventListener("click", () => bakeoff.write({ epoch: null, time: null }));
      // A slider that is dragged is one step of the history, not many.
      this.part("epoch").addEventListener("input", ({ target }) => this.slide(target.value));
      this.listenToPointer();
    }

    listenToPointer() {
      const charts = this.part("charts");
      charts.addEventListener("pointermove", (event) => this.point(event));
      charts.addEventListener("pointerleave", () => this.showAsked());
      charts.addEventListener("click", (event) => {
        const found = this.nearestTo(event);
        if (found) this.ask(found);
      });
      for (const kind of ["pointerover", "focusin"]) {
        this.addEventListener(kind, ({ target }) => this.bringOut(target.closest("label, tr")?.dataset.run));
      }
      this.addEventListener("pointerleave", () => this.bringOut(null));
      this.addEventListener("focusout", () => this.bringOut(null));
    }

    /* step: an epoch, or the place of an end of one among all. */
    slide(step) {
      const [seconds] = bakeoff.curvesMoment.ends(this.drawn)[step - 1] ?? [];
      this.ask({ epoch: step, seconds });
    }

    ask({ epoch, seconds }) {
      bakeoff.replace(this.asked.across === "seconds" ? { time: seconds, epoch: null } : { epoch, time: null });
    }

    pick(box) {
      const others = this.asked.runs.filter((key) => key !== box.value);
      bakeoff.curvesState.writeRuns(box.checked ? [...others, box.value] : others, this.known.first);
    }

    async follow(state) {
      const asked = bakeoff.curvesState.read(state, this.known);
      this.asked = asked;
      this.colour(asked.runs);
      this.showPicks();
      for (const button of this.querySelectorAll("[data-part=across], [data-part=scale]")) {
        button.setAttribute("aria-pressed", button.value === asked[button.dataset.part]);
      }
      try {
        const series = await Promise.all(asked.runs.map((key) => bakeoff.load(`curves/${key}`)));
        // The reader may have picked others meanwhile.
        if (this.asked === asked) this.draw(series);
      } catch (error) {
        if (this.asked !== asked) return;
        this.part("room").textContent = bakeoff.incomplete(error);
      }
    }

    /* Gives each run that is new the first colour that is free. */
    colour(runs) {
      for (const key of this.places.keys()) if (!runs.includes(key)) this.places.delete(key);
      for (const key of runs) {
        if (this.places.has(key)) continue;
        const taken = [...this.places.values()];
        this.places.set(key, Array.from({ length: this.known.max }, (_, at) => at).find((at) => !taken.includes(at)));
      }
    }

    look(key) {
      return `series-${this.places.get(key) + 1}`;
    }

    showPicks() {
      const { runs } = this.asked;
      const full = runs.length >= this.known.max;
      for (const box of this.boxes) {
        box.checked = runs.includes(box.value);
        box.disabled = full && !box.checked;
        const key = box.closest("label").querySelector(".line");
        key.setAttribute("class", box.checked ? `line val ${this.look(box.value)}` : "line");
      }
      this.part("room").textContent = full && this.boxes.length > runs.length
        ? `No more than ${this.known.max} can be told apart: untick one to draw another.` : "";
      this.part("reset").hidden = runs === this.known.first;
      if (this.part("summary")) this.part("summary").hidden = runs !== this.known.first;
    }

    draw(series) {
      this.drawn = this.asked.runs.map((key, at) => ({ key, look: this.look(key), label: this.label(key), series: series[at] }));
      const charts = [...this.part("charts").children];
      const none = !this.drawn.length;
      this.part("charts").hidden = none;
      this.part("empty").hidden = !none;
      this.scales = none ? [] : bakeoff.curvesDrawing.draw(charts, this.box, this.drawn, this.asked);
      this.showAsked();
      this.bringOut(this.out);
    }

    /* What a run is called: the name of its model, and what tells it from others of that model. */
    label(key) {
      const label = this.boxes.find((box) => box.value === key).closest("label");
      const model = label.closest("fieldset").querySelector("legend").textContent;
      const name = document.createElement("span");
      name.append(bakeoff.element("span", { class: "model" }, model), " ",
        bakeoff.element("span", { class: "var" }, label.textContent.trim()));
      return name;
    }

    /* The epoch or the time in the address, or else the best epochs. */
    showAsked() {
      const { epoch, time } = this.asked;
      if (time !== null && this.drawn.length) this.show(bakeoff.curvesMoment.atTime(this.drawn, time));
      else this.show(epoch === null ? bakeoff.curvesMoment.best : bakeoff.curvesMoment.inEpoch(epoch));
    }

    show(moment) {
      this.scales?.forEach((scales, at) => {
        const marked = moment.marked ? moment.epochOf : () => 0;
        bakeoff.curvesDrawing.mark(this.part("charts").children[at], scales, this.drawn, marked);
      });
      bakeoff.curvesReadout.show(this, this.drawn, moment);
    }

    /* The epoch that the pointer is nearest to, and when it was over; null beside the charts. */
    nearestTo({ target, clientX }) {
      const chart = target.closest("svg.chart");
      if (!chart || !this.drawn.length) return null;
      const { left, width } = chart.getBoundingClientRect();
      const at = ((clientX - left) / width) * chart.viewBox.baseVal.width;
      return bakeoff.curvesDrawing.nearest(this.drawn, this.scales[0], at);
    }

    point(event) {
      const found = this.nearestTo(event);
      if (!found) return;
      const { atTime, inEpoch } = bakeoff.curvesMoment;
      this.show(this.asked.across === "seconds" ? atTime(this.drawn, found.seconds) : inEpoch(found.epoch));
    }

    /* Brings the lines of a run out, those of a run not drawn or of none (null) bring none out. */
    bringOut(key) {
      this.out = key;
      const lines = [...this.part("charts").querySelectorAll("[data-run]")];
      const found = lines.filter((line) => line.dataset.run === key);
      for (const line of lines) line.classList.toggle("on", found.includes(line));
      this.part("charts").classList.toggle("some", found.length > 0);
    }
  });
}
