/* <channel-grid>: the channels of a layer on one image, as a list to choose one of. It tells of the
   channel pointed at and of the one chosen by the events "pointed" and "chosen". */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const MAX_COLUMNS = 8;
  const MAX_WIDTH = 36;
  const MAX_TILE = 9;

  customElements.define("channel-grid", class extends HTMLElement {
    connectedCallback() {
      this.list = bakeoff.element("div", { class: "channels", role: "listbox" });
      this.append(this.list);
      this.list.addEventListener("pointerover", (event) => this.tell("pointed", optionOf(event)));
      this.list.addEventListener("pointerleave", () => this.tell("pointed", null));
      this.list.addEventListener("click", (event) => this.choose(optionOf(event)));
      this.list.addEventListener("keydown", (event) => this.move(event));
    }

    /* channels: in the order to show them; href: the atlas that holds them. */
    fill(layer, channels, { href, map, label }) {
      const focused = this.contains(document.activeElement);
      const layout = bakeoff.featurePicture.ofLayer(layer);
      // As many columns as rows: few channels are drawn the larger.
      this.columns = Math.min(Math.ceil(Math.sqrt(channels.length)), MAX_COLUMNS);
      this.list.style.gridTemplateColumns = `repeat(${this.columns}, minmax(0, 1fr))`;
      this.list.style.maxWidth = `${Math.min(MAX_TILE * this.columns, MAX_WIDTH)}rem`;
      this.list.ariaLabel = label;
      this.list.replaceChildren(...channels.map((channel) => {
        const option = bakeoff.element("div", {
          role: "option", tabindex: "-1", "data-channel": channel.channel,
          "aria-label": bakeoff.featureWords.channel(channel), "aria-selected": "false",
        });
        option.append(bakeoff.featurePicture.tile(href, layout, channel.place, map));
        return option;
      }));
      this.refocus = focused;
    }

    /* Marks the channel that is chosen. */
    mark(channel) {
      for (const option of this.list.children) {
        const chosen = Number(option.dataset.channel) === channel;
        option.ariaSelected = String(chosen);
        option.tabIndex = chosen ? 0 : -1;
        // New options have taken the place of the one that had the focus.
        if (chosen && this.refocus) option.focus({ preventScroll: true });
      }
      this.refocus = false;
    }

    choose(option) {
      if (!option) return;
      option.focus();
      this.tell("chosen", option);
    }

    tell(name, option) {
      const detail = option ? Number(option.dataset.channel) : null;
      this.dispatchEvent(new CustomEvent(name, { detail }));
    }

    move(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const options = [...this.list.children];
      const at = options.indexOf(optionOf(event));
      const to = {
        ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - this.columns, ArrowDown: at + this.columns,
        Home: 0, End: options.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.choose(options[to]);
    }
  });

  function optionOf({ target }) {
    return target.closest("[role=option]");
  }
}
