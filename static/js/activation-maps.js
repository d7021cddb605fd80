/* <activation-maps>: where a run finds the evidence, laid over the images: those mapped, then its
   most confident mistakes. class=target in the address asks for the true class. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const TITLE = "Where the evidence lies";
  const WORDS = {
    "grad-cam": "Grad-CAM: where the evidence for a class lies. Its squares are the resolution of the layer",
    "attention rollout": "Attention rollout: where the model looks, whatever the class. Its squares are the patches of the layer",
  };

  customElements.define("activation-maps", class extends HTMLElement {
    /* view: as <feature-panel> has it. */
    show(view) {
      const key = [view.id, view.map, view.of].join(" ");
      if (key === this.key) return;
      this.key = key;
      const focused = this.querySelector("input:focus");
      this.fill(view);
      // A new choice has taken the place of the one that had the focus.
      if (focused) this.querySelector("input:checked")?.focus();
    }

    fill(view) {
      const { activation, noActivation } = view.run;
      const title = bakeoff.element("h3", {}, TITLE);
      if (!activation) {
        this.replaceChildren(title,
          bakeoff.element("p", { class: "note" }, `There are no class-activation maps: ${noActivation}.`));
        return;
      }
      const words = `${WORDS[activation.method]}, ${activation.layer}. The brightest is the most in each image.`;
      this.replaceChildren(title, bakeoff.element("p", { class: "note" }, words),
        ...this.choice(view), ...lists(view));
    }

    /* For which class; a method that is the same for every class offers no choice. */
    choice({ run: { activation }, of, suffix }) {
      if (activation.method !== "grad-cam") return [];
      const set = bakeoff.element("fieldset");
      set.append(bakeoff.element("legend", {}, "Evidence for"));
      for (const [value, text] of [["prediction", "the class that was predicted"], ["target", "the true class"]]) {
        const label = bakeoff.element("label");
        const input = bakeoff.element("input", { type: "radio", name: `class${suffix}`, value });
        input.checked = value === of;
        input.addEventListener("change", () => {
          bakeoff.write({ class: value === "target" ? value : null });
        });
        label.append(input, ` ${text}`);
        set.append(label);
      }
      return [set];
    }
  });

  function lists(view) {
    const { images, samples } = view.run;
    const places = [...images.keys()].filter((place) => mapOf(view, place) >= 0);
    return [
      ["On the images above", places.filter((place) => place < samples)],
      ["On its most confident mistakes", places.filter((place) => place >= samples)],
    ].filter(([, of]) => of.length).flatMap(([title, of]) => {
      const list = bakeoff.element("ol", { class: "activation-list" });
      list.append(...of.map((place) => card(view, place)));
      return [bakeoff.element("h4", {}, title), list];
    });
  }

  /* The place of an image's map, of the class asked for where that is another than the predicted. */
  function mapOf({ run: { activation }, of }, place) {
    const found = (which) => activation.maps.findIndex(([image, whose]) => image === place && whose === which);
    const asked = found(of);
    return asked >= 0 ? asked : found("prediction");
  }

  function card(view, place) {
    const { run, id, map, of, about } = view;
    const image = run.images[place];
    const at = mapOf(view, place);
    const item = bakeoff.element("li", { class: "activation-card" });
    const link = image.image
      ? bakeoff.element("a", { href: bakeoff.featurePicture.address(id, image.image) })
      : bakeoff.element("span");
    const href = bakeoff.featureData.picture(id, "activation.webp");
    const frame = bakeoff.element("div");
    const [width, height] = image.size ?? [1, 1];
    frame.style.aspectRatio = `${width} / ${height}`;
    bakeoff.whenSeen(frame, () => frame.append(bakeoff.featurePicture.stage(image, about,
      bakeoff.featurePicture.tile(href, bakeoff.featurePicture.ofActivation(run.activation), at, map))));
    link.append(frame, bakeoff.element("span", { class: "sample-class" }, image.target || image.id));
    item.append(link, said(image));
    if (of === "target") item.append(bakeoff.element("p", {}, `evidence for ${run.activation.maps[at][2]}`));
    return item;
  }

  function said({ right, said: words }) {
    return bakeoff.element("p", { class: right || !words ? "" : "wrong" }, words ? `called ${words}` : "");
  }
}
