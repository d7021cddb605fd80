/* <configuration-pair>: the fields in which two runs differ. The address names the runs as run and
   other; the page as built has the default two. Texts are those that the build wrote. */
"use strict";

{
  const MISSING = "–";

  customElements.define("configuration-pair", class extends HTMLElement {
    connectedCallback() {
      this.selects = [...this.querySelectorAll("select")];
      this.runs = [...this.selects[0].options].map((option) => option.value);
      this.addEventListener("change", () => {
        const [run, other] = this.selects.map((select) => select.value);
        bakeoff.write({ run, other });
      });
      this.shown = this.chosen(new URLSearchParams());
      bakeoff.follow((state) => this.show(state));
    }

    /* The two runs of the address: known ones, and never the same twice. */
    chosen(state) {
      const { left, right } = this.dataset;
      const pick = (asked, otherwise, taken) =>
        [asked, otherwise, ...this.runs].find((run) => this.runs.includes(run) && run !== taken);
      const run = pick(state.get("run"), left);
      return [run, pick(state.get("other"), right, run)];
    }

    async show(state) {
      const runs = this.chosen(state);
      this.selects.forEach((select, place) => {
        select.value = runs[place];
        for (const option of select.options) option.disabled = option.value === runs[1 - place];
      });
      if (`${runs}` === `${this.shown}`) return;
      this.shown = runs;
      try {
        const shard = await bakeoff.load(this.dataset.shard);
        if (this.shown === runs) this.fill(shard, runs);
      } catch (error) {
        if (this.shown !== runs) return;
        this.part("summary").textContent = bakeoff.incomplete(error);
      }
    }

    fill({ fields, runs: values }, runs) {
      const pairs = fields
        .map((field, place) => [...field, ...runs.map((run) => values[run][place])])
        .filter(([, , left, right]) => left !== null || right !== null);
      const rows = pairs.filter(([, , left, right]) => left !== right);
      const count = `${bakeoff.count(pairs.length)}\u00a0${pairs.length === 1 ? "field" : "fields"}`;
      this.part("summary").textContent = `${bakeoff.count(rows.length)} of ${count} differ.`;
      ["run", "other"].forEach((key, place) => {
        this.part(key).textContent = this.selects[place].selectedOptions[0].textContent;
      });
      this.part("rows").replaceChildren(...rows.map((row) => this.row(row)));
      this.querySelector("table").hidden = !rows.length;
    }

    row([part, label, ...texts]) {
      const head = bakeoff.element("th", { scope: "row" }, `${label} `);
      head.append(bakeoff.element("small", {}, part));
      const made = document.createElement("tr");
      made.append(head, ...texts.map((text) => bakeoff.element("td", {}, text ?? MISSING)));
      return made;
    }

    part(name) {
      return this.querySelector(`[data-part=${name}]`);
    }
  });
}
