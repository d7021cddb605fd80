/* <map-region>: four fields for the region of the map whose images are listed, for those who do not drag.
   They hold percent of the map's width and height, from its upper left corner; the address holds tenths
   of that. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  // In the order in which the address holds them.
  const SIDES = ["left", "top", "right", "bottom"];
  const WHOLE = [0, 0, 1000, 1000];

  customElements.define("map-region", class extends HTMLElement {
    connectedCallback() {
      const fields = bakeoff.element("fieldset", { class: "filters" });
      fields.append(bakeoff.element("legend", {}, "Region, in % of the map"));
      this.inputs = SIDES.map((side) => {
        const label = bakeoff.element("label", {}, `${side} `);
        const input = bakeoff.element("input", { type: "number", min: 0, max: 100, step: "any" });
        label.append(input);
        fields.append(label);
        return input;
      });
      this.clear = bakeoff.element("button", { type: "button" }, "Clear the region");
      this.clear.addEventListener("click", () => {
        // It hides itself.
        this.inputs[0].focus();
        bakeoff.write({ region: null });
      });
      fields.append(this.clear);
      this.append(fields);
      this.addEventListener("input", (event) => { this.edited = event.target; });
      this.addEventListener("change", () => this.choose());
      // There is no change where the same was typed again.
      this.addEventListener("focusout", () => { this.edited = null; });
    }

    /* region: [left, top, right, bottom], or null for the whole map. */
    show(region) {
      this.inputs.forEach((input, at) => {
        // The address follows a moment later: the next field may already be typed into.
        if (input !== this.edited) input.value = (region ?? WHOLE)[at] / 10;
      });
      this.clear.hidden = !region;
    }

    choose() {
      this.edited = null;
      // An empty field is that end of the map.
      const ends = this.inputs.map(({ value }, at) => (value === "" ? WHOLE[at] : toMap(value)));
      const [left, right] = inOrder(ends[0], ends[2]);
      const [top, bottom] = inOrder(ends[1], ends[3]);
      const region = [left, top, right, bottom];
      bakeoff.write({ region: region.join() === WHOLE.join() ? null : region.join(".") });
    }
  });

  function toMap(percent) {
    return Math.min(Math.max(Math.round(10 * Number(percent)), 0), 1000);
  }

  function inOrder(...ends) {
    return ends.sort((a, b) => a - b);
  }
}
