/* <formula-numbers>: the page of formulas. Puts the numbers of the run and the class in the address
   (run=ID, class=INDEX; by default the best run and its hardest class) into every formula, and goes
   to the place in it (at=KEY). */
"use strict";

{
  customElements.define("formula-numbers", class extends HTMLElement {
    connectedCallback() {
      if (!this.dataset.best) return;
      this.parts = new Map(
        [...this.querySelectorAll("[data-part], [data-key]")].map((part) => [part.dataset.part ?? part.dataset.key, part]),
      );
      this.addEventListener("change", ({ target }) => {
        const { key } = target.dataset;
        // Another run has another hardest class, but a class once chosen stays.
        bakeoff.write({ [key]: target.value });
      });
      bakeoff.followPlaces(this);
      bakeoff.follow((state) => {
        bakeoff.keepPlace();
        this.show(state);
      });
    }

    async show(state) {
      this.asked = state;
      const run = bakeoff.selectedRun(state);
      try {
        const [names, shard, stored] = await Promise.all([
          bakeoff.load("classes"), bakeoff.load(`formulas/${run}`), bakeoff.load(`matrix/${run}`),
        ]);
        if (this.asked !== state) return;
        this.fill(state, run, names, shard, stored.absent ? null : bakeoff.matrixCounts(stored, names.length));
        this.say("");
      } catch (error) {
        if (this.asked !== state) return;
        this.say(bakeoff.incomplete(error));
      }
      bakeoff.showPlace(state);
    }

    /* matrix: null where the run has none. */
    fill(state, run, names, shard, matrix) {
      const asked = state.get("class") ?? "";
      const target = /^\d{1,9}$/.test(asked) && Number(asked) < names.length ? Number(asked) : shard.hardest;
      const ofClass = bakeoff.classNumbers(matrix, shard, target, names[target]);
      this.choose(run, target, names);
      const ofRun = Object.entries(shard.missing).flatMap(([reason, places]) => places.map((place) => [place, reason]));
      const missing = { ...Object.fromEntries(ofRun), ...ofClass.missing };
      this.write({ ...shard.values, ...ofClass.values }, missing);
      this.draw(matrix, target, names, missing);
    }

    choose(run, target, names) {
      const classes = this.parts.get("class");
      if (classes.length !== names.length || !classes.options[0].hasAttribute("value")) {
        classes.replaceChildren(...names.map((name, index) => bakeoff.element("option", { value: index }, name)));
      }
      classes.value = target;
      this.parts.get("run").value = run;
    }

    write(values, missing) {
      for (const place of this.querySelectorAll("[data-value]")) {
        place.textContent = values[place.dataset.value] ?? "–";
      }
      for (const math of this.querySelectorAll("[data-words]")) {
        math.setAttribute("alttext", math.dataset.words.replace(/@([a-z][a-z0-9]*(?:-[a-z0-9]+)*)/g, (_, place) => values[place] ?? "–"));
      }
      for (const line of this.querySelectorAll("[data-worked]")) {
        const places = [...line.querySelectorAll("[data-value]")].map((place) => place.dataset.value);
        const reason = missing[places.find((place) => Object.hasOwn(missing, place))];
        line.querySelector(".scroll").hidden = Boolean(reason);
        const said = line.querySelector("[data-part=missing]");
        said.hidden = !reason;
        said.textContent = reason ? `Cannot be filled in: ${reason}.` : "";
      }
    }

    draw(matrix, target, names, missing) {
      const [cells, absent] = [this.parts.get("cells"), this.parts.get("absent")];
      cells.hidden = !matrix;
      absent.hidden = Boolean(matrix);
      if (matrix) {
        bakeoff.classCells(cells.querySelector("table"), matrix, target, names);
        const right = cells.querySelector(".tp");
        cells.scrollLeft = right.offsetLeft + right.offsetWidth - cells.clientWidth;
      } else absent.textContent = `There is no confusion matrix: ${missing["by-chance"]}.`;
    }

    say(text) {
      this.parts.get("status").textContent = text;
    }
  });
}
