/* <activation-overlay>: lays a run's class-activation map over the picture of a test image, if there
   is one of it. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  customElements.define("activation-overlay", class extends HTMLElement {
    /* image: its class and place there; picture: the element to put the map on. */
    async show(id, { target, rank }, picture, about) {
      const run = await bakeoff.featureData.run(id);
      const place = run.images.findIndex(({ image }) => image === `${target}.${rank}`);
      const maps = (run.activation?.maps ?? []).map((map, at) => [at, ...map]).filter(([, image]) => image === place);
      if (place < 0 || !maps.length || !this.isConnected) return;
      this.replaceChildren(bakeoff.element("p", { class: "note" }, `${run.name} has a class-activation map of this image.`));
      const choose = (laid) => {
        const now = this.parentElement.firstElementChild;
        now.replaceWith(laid === null ? picture
          : bakeoff.featurePicture.stage(run.images[place], about, this.tile(id, run.activation, laid)));
      };
      this.append(choice("No map", true, () => choose(null)),
        ...maps.map(([at, , of, name]) => choice(words(run.activation, of, name), false, () => choose(at))),
        this.opacity());
    }

    tile(id, activation, at) {
      const { ofActivation, tile } = bakeoff.featurePicture;
      return tile(bakeoff.featureData.picture(id, "activation.webp"), ofActivation(activation), at, "viridis");
    }

    opacity() {
      const label = bakeoff.element("label", {}, "Laid over the picture ");
      const input = bakeoff.element("input", { type: "range", min: 0, max: 100, step: 5, value: 60 });
      // The arrow keys turn to another image elsewhere in the dialog.
      input.addEventListener("keydown", (event) => event.stopPropagation());
      input.addEventListener("input", () =>
        this.parentElement.style.setProperty("--laid-over", input.value / 100));
      label.append(input);
      return label;
    }
  });

  function words({ method }, of, name) {
    if (method !== "grad-cam") return "Attention rollout, whatever the class";
    return `Grad-CAM, evidence for ${name}, ${of === "target" ? "the true class" : "as predicted"}`;
  }

  function choice(text, checked, listener) {
    const label = bakeoff.element("label");
    const input = bakeoff.element("input", { type: "radio", name: "activation-overlay" });
    input.checked = checked;
    input.addEventListener("change", listener);
    input.addEventListener("keydown", (event) => event.stopPropagation());
    label.append(input, ` ${text}`);
    return label;
  }
}
