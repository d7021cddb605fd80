/* <feature-maps>: what layers make of a test image, of one run or of two beside each other. What is
   shown is in the address; see feature-state.js. Until it is loaded the page shows one layer as it
   was built. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const ELSEWHERE = "channel-grid, input, select, .scroll";

  customElements.define("feature-maps", class extends HTMLElement {
    async connectedCallback() {
      this.parts = new Map();
      for (const part of this.querySelectorAll("[data-part]")) this.parts.set(part.dataset.part, part);
      this.selects = new Map();
      for (const select of this.querySelectorAll("select")) this.selects.set(select.dataset.key, select);
      this.choices = Object.fromEntries([...this.selects].map(([key, { options }]) =>
        [key, [...options].map(({ value }) => value)]));
      this.panels = [];
      this.addEventListener("change", (event) => this.choose(event.target));
      this.parts.get("opacity").addEventListener("input", () => this.lay());
      document.addEventListener("keydown", (event) => this.step(event));
      this.lay();
      try {
        this.about = await bakeoff.load("explorer");
        bakeoff.follow((state) => this.show(bakeoff.featureState.read(state, this.choices)));
      } catch (error) {
        this.fail(error);
      }
    }

    async choose({ dataset: { key }, value }) {
      if (key === "run") await this.chooseRun(value);
      else if (key === "run2") bakeoff.write({ run2: value || null, layer2: null, channel2: null });
      else if (key) bakeoff.write({ [key]: value });
    }

    async chooseRun(run) {
      this.wanted = run;
      try {
        const layer = await this.layerOf(run);
        // A later choice may have been loaded sooner.
        if (this.wanted === run) bakeoff.write({ run, layer, channel: null });
      } catch (error) {
        if (this.wanted === run) this.fail(error);
      }
    }

    /* The layer of another run that is of the same name as the one shown, or else in its place. */
    async layerOf(id) {
      const view = this.panels[0]?.view;
      // Until something is shown, what is asked for.
      const asked = view ? view.run.layers[view.at].name : this.asked.panels[0].layer;
      const { layers } = await bakeoff.featureData.run(id);
      const found = bakeoff.featureState.placeOf(layers, asked);
      return (layers[found] ?? layers[view?.at ?? 0] ?? layers.at(-1)).name;
    }

    lay() {
      this.style.setProperty("--laid-over", this.parts.get("opacity").value / 100);
    }

    async show(asked) {
      this.asked = asked;
      try {
        const runs = await Promise.all(asked.panels.map(({ id }) => bakeoff.featureData.run(id)));
        if (asked !== this.asked) return;
        this.mark(asked);
        for (const [at, view] of this.views(asked, runs).entries()) this.panels[at].introduce(view);
        const [first, second] = this.panels;
        await first.load();
        // Only now it is known how far down the second is. Below the window it waits.
        await second?.seen();
        await second?.load();
      } catch (error) {
        if (asked === this.asked) this.fail(error);
      }
    }

    fail(error) {
      this.panels = [];
      this.parts.get("panels").replaceChildren(
        bakeoff.element("p", { class: "note" }, bakeoff.incomplete(error)));
    }

    /* What each panel shows. */
    views(asked, runs) {
      const [first] = runs;
      const samples = first.images.slice(0, first.samples);
      const image = samples.find(({ id }) => id === asked.image) ?? samples[0];
      this.showImages(asked.panels[0].id, samples, image, runs.length === 1);
      this.showPanels(runs.length);
      const places = bakeoff.featureState.layers(asked.panels, runs);
      const most = bakeoff.featureStrip.scale(runs);
      return asked.panels.map(({ id, layer, channel, suffix }, at) => {
        const sample = runs[at].images.slice(0, runs[at].samples).findIndex((one) => one.id === image.id);
        return {
          id, run: runs[at], layer, at: places[at], sample, image: runs[at].images[sample], shared: image.id, channel, suffix, most,
          sort: asked.sort, map: asked.map, of: asked.of, about: this.about,
        };
      });
    }

    /* A panel that is there stays in its place, and one that was left is made anew. */
    showPanels(n) {
      const place = this.parts.get("panels");
      place.classList.toggle("alone", n === 1);
      if (!this.panels.length) place.replaceChildren();
      for (const panel of this.panels.splice(n)) panel.remove();
      while (this.panels.length < n) {
        this.panels.push(bakeoff.element("feature-panel"));
        place.append(this.panels.at(-1));
      }
    }

    showImages(run, samples, image, alone) {
      const place = this.parts.get("images");
      const focused = place.contains(document.activeElement);
      // Two models may say different things; then each panel tells what its own says.
      place.classList.toggle("unsaid", !alone);
      if (run !== this.imagesOf) place.replaceChildren(...samples.map((one) => this.imageLink(one)));
      this.imagesOf = run;
      for (const [at, link] of [...place.children].entries()) {
        link.href = bakeoff.address({ image: samples[at].id });
        if (samples[at] === image) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
        if (focused && samples[at] === image) link.focus();
      }
    }

    imageLink({ image, target, right, said, why, id }) {
      const link = bakeoff.element("a", { title: [id, why].filter(Boolean).join(", ") });
      if (image) link.append(bakeoff.imageCard.frame(bakeoff.featurePicture.named(image), this.about, true));
      link.append(bakeoff.element("span", { class: "sample-class" }, target || id));
      if (said) link.append(bakeoff.element("span", { class: `said${right ? "" : " wrong"}` }, `called ${said}`));
      return link;
    }

    mark({ panels, sort, map }) {
      const values = { run: panels[0].id, run2: panels[1]?.id ?? "", sort, map };
      for (const [key, select] of this.selects) select.value = values[key];
    }

    step(event) {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const { target, altKey, ctrlKey, metaKey, shiftKey } = event;
      if (!by || altKey || ctrlKey || metaKey || shiftKey || target.closest(ELSEWHERE)) return;
      const panel = target.closest("feature-panel") ?? this.panels[0];
      if (!panel?.isConnected) return;
      event.preventDefault();
      panel.step(by);
    }
  });
}
