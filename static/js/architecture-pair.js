/* <architecture-pair>: one network, or two beside each other, of all that the page holds. The
   address names them as a and b, by any of their runs; b=none shows one alone. What leads to feature maps
   leads to those of its image. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const NONE = "none";

  customElements.define("architecture-pair", class extends HTMLElement {
    connectedCallback() {
      this.networks = [...this.querySelectorAll(".network")];
      this.selects = [...this.querySelectorAll("select")];
      for (const select of this.selects) {
        select.addEventListener("change", () => bakeoff.write({ [select.dataset.key]: select.value }));
      }
      bakeoff.follow((state) => this.show(state));
      this.classList.add("ready");
    }

    show(state) {
      const a = this.find(state.get("a")) ?? this.networks[0];
      const asked = state.get("b");
      const b = asked === NONE ? null : this.find(asked) ?? this.networks.find((one) => one !== a);
      const shown = [a, b].filter((one, place) => one && (place === 0 || one !== a));
      for (const network of this.networks) network.hidden = !shown.includes(network);
      // In the order in which they were chosen, for those who listen too.
      this.querySelector("[data-part=networks]").prepend(...shown);
      const [first, second] = this.selects;
      first.value = a.dataset.key;
      second.value = shown[1]?.dataset.key ?? NONE;
      for (const option of second.options) option.disabled = option.value === a.dataset.key;
      this.carry(state.get("image"));
    }

    carry(image) {
      for (const link of this.querySelectorAll("a[href*='feature-maps.html#']")) {
        const [page, hash] = link.getAttribute("href").split("#");
        const asked = new URLSearchParams(hash);
        if (image) asked.set("image", image);
        else asked.delete("image");
        link.setAttribute("href", `${page}#${asked}`);
      }
    }

    find(run) {
      return this.networks.find((network) => network.dataset.runs.split(" ").includes(run));
    }
  });
}
