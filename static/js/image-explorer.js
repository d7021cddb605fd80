/* <image-explorer>: lists of test images, of one run or of all. What is listed is in the address:
   view, run, other, target, prediction, superclass, and region on the map. The page as built lists the
   best run's most confident mistakes in words; this element shows pictures and follows the address. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const AT_ONCE = 36;
  const SHARED = ["all-wrong", "disagree"];
  const OF_ONE_CLASS = ["class", "cell"];

  customElements.define("image-explorer", class extends HTMLElement {
    async connectedCallback() {
      this.parts = new Map();
      for (const part of this.querySelectorAll("[data-part]")) this.parts.set(part.dataset.part, part);
      this.selects = new Map();
      // Not that of the map, which sees to itself.
      for (const select of this.querySelectorAll("select[data-key]")) this.selects.set(select.dataset.key, select);
      try {
        [this.classes, this.about] = await Promise.all([bakeoff.load("classes"), bakeoff.load("explorer")]);
      } catch (error) {
        this.say(bakeoff.incomplete(error));
        return;
      }
      this.groups = [...this.selects.get("superclass")?.options ?? []].slice(1).map(({ text }) => text);
      this.fillClasses();
      this.addEventListener("change", (event) => this.choose(event.target));
      this.parts.get("more").addEventListener("click", () => this.showMore());
      bakeoff.follow((state) => this.show(this.complete(bakeoff.imageState.read(state, this.about))));
    }

    fillClasses() {
      const options = (first) => [...first, ...this.classes.map((name, value) =>
        bakeoff.element("option", { value }, name))];
      this.selects.get("target").append(...options([bakeoff.element("option", { value: "" }, "all")]));
      this.selects.get("prediction").append(...options([]));
    }

    /* Where a class is needed and none is given: the two that the run confuses most. */
    complete(asked) {
      if (!OF_ONE_CLASS.includes(asked.view)) return { ...asked, prediction: null };
      const [target, prediction] = this.about.answers[asked.answer]?.confused ?? [0, 0];
      const chosen = asked.target ?? target;
      return {
        ...asked,
        target: chosen,
        superclass: null,
        prediction: asked.prediction ?? (chosen === target ? prediction : chosen),
      };
    }

    /* A class and a superclass are not chosen together, and each run has a map of its own. */
    choose(select) {
      const { key } = select.dataset;
      if (!this.selects.has(key)) return;
      const other = { run: "region", target: "superclass", superclass: "target" }[key];
      bakeoff.write({ [key]: select.value || null, ...(other ? { [other]: null } : {}) });
    }

    async show(asked) {
      this.asked = asked;
      this.mark(asked);
      this.querySelector("class-facts").show(asked, this.about, this.classes);
      const key = JSON.stringify({ ...asked, image: null });
      if (key !== this.listedKey) await this.list(asked, key);
      if (asked !== this.asked) return;
      await this.querySelector("image-dialog").show(asked, this.found.images, this.about, this.classes);
    }

    async list(asked, key) {
      const found = await this.find(asked);
      // A later choice may have been loaded sooner.
      if (asked !== this.asked) return;
      // What failed is asked for again.
      this.listedKey = found.failed ? null : key;
      this.found = found;
      if (found.why) this.say(found.why);
      else this.say(bakeoff.imageWords.headline(asked, found, this.about, this.classes, this.groups),
        bakeoff.imageWords.note(asked, found, this.about));
      this.fillSwitch(...this.switchFor(asked, found));
      this.parts.get("list").replaceChildren();
      this.showMore();
      this.querySelector("embedding-map").show(asked, found, this.about, this.classes, this.groups);
    }

    /* What is listed; `why`: why that is nothing; `failed`: whether it could not be loaded. */
    async find(asked) {
      const nothing = { images: [], n: 0, points: [] };
      const reason = bakeoff.imageLists.reason(asked, this.about);
      if (reason) return { ...nothing, why: `Nothing to list: ${reason}` };
      try {
        return await bakeoff.imageLists.list(asked, this.about);
      } catch (error) {
        return { ...nothing, why: bakeoff.incomplete(error), failed: true };
      }
    }

    /* The parts of a view to choose from: what the choice is, and a link for each. */
    switchFor(asked, found) {
      if (found.why) return ["", []];
      if (asked.view === "pair") {
        return ["Which of the two runs is right", bakeoff.imagePair.links(asked, found.only, this.about)];
      }
      const told = asked.view === "all-wrong" && this.about.rule;
      return ["What the images may be", told ? bakeoff.imageSuspicions.links(asked, found) : []];
    }

    /* Who follows a link stays on it. */
    fillSwitch(label, links) {
      const place = this.parts.get("switch");
      const focused = place.contains(document.activeElement);
      place.hidden = !links.length;
      place.setAttribute("aria-label", label);
      place.replaceChildren(...links);
      if (focused) place.querySelector("[aria-current]")?.focus();
    }

    say(headline, note = "") {
      this.parts.get("headline").textContent = headline;
      this.parts.get("note").textContent = note;
    }

    showMore() {
      const list = this.parts.get("list");
      const { images } = this.found;
      const from = list.childElementCount;
      const { view } = this.asked;
      const how = { alone: !OF_ONE_CLASS.includes(view), second: view === "margin", suspected: view === "all-wrong" };
      const cards = images.slice(from, from + AT_ONCE).map((image) =>
        bakeoff.imageCard.card(image, this.about, this.classes, how));
      list.append(...cards);
      if (from) cards[0]?.querySelector("a").focus();
      const left = images.length - from - cards.length;
      this.parts.get("more").hidden = left === 0;
      this.parts.get("more").textContent = `Show ${bakeoff.count(Math.min(left, AT_ONCE))} more of ${bakeoff.count(left)}`;
    }

    /* What is chosen, and what there is to choose. */
    mark({ view, run, other, target, prediction, superclass }) {
      for (const link of this.parts.get("views").querySelectorAll("a")) {
        link.href = bakeoff.address({ view: link.dataset.view, image: null, region: null, suspicion: null });
        if (link.dataset.view === view) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      const values = { run, other, target, prediction, superclass };
      for (const [key, select] of this.selects) select.value = values[key] ?? "";
      this.toggle("run", !SHARED.includes(view));
      this.toggle("other", view === "pair");
      this.parts.get("run-label").textContent = view === "pair" ? "Right in" : "Run";
      this.toggle("prediction", view === "cell");
      this.toggle("superclass", !OF_ONE_CLASS.includes(view));
      this.selects.get("target").options[0].hidden = OF_ONE_CLASS.includes(view);
    }

    toggle(key, shown) {
      const label = this.selects.get(key)?.closest("label");
      if (label) label.hidden = !shown;
    }
  });
}
