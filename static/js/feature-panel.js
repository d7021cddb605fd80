/* <feature-panel>: one layer of one run on one image. Which, <feature-maps> says. */
"use strict";

customElements.define("feature-panel", class extends HTMLElement {
  connectedCallback() {
    this.heading = bakeoff.element("h2");
    this.strip = bakeoff.element("nav", { class: "layer-strip" });
    this.words = bakeoff.element("p", { class: "note", "data-part": "step", "aria-live": "polite" });
    this.body = bakeoff.element("div", { class: "feature-body" });
    this.grid = bakeoff.element("channel-grid");
    this.detail = bakeoff.element("channel-detail");
    this.table = bakeoff.element("div", { class: "scroll tall", tabindex: "0", role: "region" });
    this.activation = bakeoff.element("activation-maps");
    this.architecture = bakeoff.element("a", {}, "How this network is built");
    const channels = bakeoff.element("div");
    channels.append(this.grid, this.details());
    this.body.append(channels, this.detail);
    this.built = bakeoff.element("p", { class: "note" });
    this.built.append(this.architecture);
    this.said = bakeoff.element("p");
    this.append(this.heading, this.said, this.strip, this.words, this.built, this.body, this.activation);
    this.grid.addEventListener("pointed", ({ detail }) => this.look(detail ?? this.chosen));
    this.grid.addEventListener("chosen", ({ detail }) =>
      bakeoff.replace({ [`channel${this.view.suffix}`]: detail }));
  }

  /* Resolves once the panel is in the window, or nearly. */
  seen() {
    this.inSight ??= new Promise((resolve) => bakeoff.whenSeen(this, resolve));
    return this.inSight;
  }

  details() {
    const made = bakeoff.element("details");
    made.append(bakeoff.element("summary", {}, "Numbers of these channels"), this.table);
    return made;
  }

  /* view: id and run; layer, as asked for; at, the place of that shown; sample, that of the image, or -1; image;
     shared, the id of the image of both panels; channel;
     suffix of the keys in the address; sort, map, of, about; most, the scale of the strip. */
  introduce(view) {
    this.view = view;
    const { run, at, suffix } = view;
    this.heading.textContent = run.name;
    this.sayImage(view.image);
    const beside = suffix ? ", beside" : "";
    this.strip.ariaLabel = `Layers of ${run.name}${beside}`;
    this.table.ariaLabel = `Numbers of the channels of ${run.layers[at].name} of ${run.name}${beside}`;
    bakeoff.featureStrip.fill(this.strip, run, suffix, at, view.most);
    this.say(bakeoff.featureWords.step(run, at, view.layer));
    this.built.hidden = !run.drawn;
    this.architecture.href = bakeoff.href(`architectures.html#a=${view.id}&image=${encodeURIComponent(view.shared)}`);
    this.activation.show(view);
    this.body.hidden = view.sample < 0;
    if (view.sample < 0) this.say("It has no feature maps of this image.");
  }

  /* Shows what is to be loaded of the view introduced last. */
  async load() {
    const { view } = this;
    const { run, at } = view;
    if (view.sample < 0) return;
    const channels = await bakeoff.featureData.channels(view.id, run.layers, at, view.sample);
    // A later choice may have been loaded sooner.
    if (view === this.view) this.fill(run.layers[at], channels);
  }

  /* What the run called the image. */
  sayImage(image) {
    this.said.className = `said${image?.right ? "" : " wrong"}`;
    this.said.textContent = image?.said ? `Called ${image.said}` : "";
  }

  say(words) {
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  fill(layer, channels) {
    // Until a view is loaded, what is pointed at is still of the one before.
    this.filled = this.view;
    const { id, at, sample, sort, map, channel } = this.filled;
    const key = [id, at, sample, sort, map].join(" ");
    this.channels = new Map(channels.map((one) => [one.channel, one]));
    this.href = bakeoff.featureData.picture(id, `image${sample}_layer${at}.webp`);
    const sorted = bakeoff.featureData.sorted(channels, sort);
    if (key !== this.key) {
      this.key = key;
      const label = bakeoff.featureWords.grid(layer, sort);
      this.grid.fill(layer, sorted, { href: this.href, map, label });
      this.table.replaceChildren(bakeoff.featureTable(sorted, `Channels of ${layer.name}`));
      this.looked = null;
    }
    this.chosen = this.channels.has(channel) ? channel : sorted[0].channel;
    this.grid.mark(this.chosen);
    this.look(this.chosen);
  }

  look(channel) {
    if (channel === this.looked) return;
    this.looked = channel;
    this.detail.show(this.filled, this.channels.get(channel), this.href);
  }

  /* To the next layer or the one before; not a step of the history each. */
  step(by) {
    const { run, at, suffix } = this.view;
    const layer = run.layers[at + by];
    if (layer) bakeoff.replace({ [`layer${suffix}`]: layer.name, [`channel${suffix}`]: null });
  }
});
