/* <channel-detail>: one channel, large and laid over the photograph, its numbers, and the test
   images that it responds to most. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  /* Pointing at channels one after the other shall not load the images of each. */
  const SETTLED_MS = 250;

  customElements.define("channel-detail", class extends HTMLElement {
    /* view: as <feature-panel> has it; href: the atlas. */
    show(view, channel, href) {
      clearTimeout(this.timer);
      const { map, image, about } = view;
      const layer = view.run.layers[view.at];
      const layout = bakeoff.featurePicture.ofLayer(layer);
      const tile = (kind) => {
        const made = bakeoff.featurePicture.tile(href, layout, channel.place, map);
        made.classList.add(kind);
        return made;
      };
      const pictures = bakeoff.element("div", { class: "channel-pictures" });
      pictures.append(
        figure(tile("enlarged"), values(layer)),
        figure(bakeoff.featurePicture.stage(image, about, tile("stage-map")), over(image, about)),
      );
      this.replaceChildren(
        bakeoff.element("h3", {}, `Channel ${channel.channel} of ${layer.name}`),
        pictures, colours(channel, map), facts(channel), ...this.top(view, channel),
      );
    }

    /* What it responds to most, loaded once the reader stays. */
    top({ run, id, about }, { top }) {
      const title = bakeoff.element("h4", {}, "Test images that it responds to most");
      if (run.noTop) return [title, bakeoff.element("p", { class: "note" }, `Not known: ${run.noTop}. ${again(id)}`)];
      const list = bakeoff.element("ol", { class: "cards" });
      this.timer = setTimeout(async () => {
        try {
          const classes = await bakeoff.load("classes");
          list.append(...top.map((image) => card(image, id, about, classes)));
        } catch (error) {
          list.replaceWith(bakeoff.element("p", { class: "note" }, bakeoff.incomplete(error)));
        }
      }, SETTLED_MS);
      return [title, list];
    }
  });

  function again(id) {
    return `They are found while a run is evaluated: --run-experiments --runs ${id} --force does that again.`;
  }

  function card(image, id, about, classes) {
    const item = bakeoff.element("li");
    const link = bakeoff.element("a", {
      href: bakeoff.featurePicture.address(id, `${image.target}.${image.rank}`),
    });
    link.append(bakeoff.imageCard.frame(image, about, true),
      bakeoff.element("span", { class: "sample-class" }, classes[image.target]));
    item.append(link);
    return item;
  }

  function values({ size: [, height, width], tile }) {
    const smaller = Math.max(height, width) > tile ? `, drawn as ${tile} × ${tile} means` : "";
    return `Its ${height} × ${width} values${smaller}`;
  }

  function over(image, about) {
    if (!about.pictures || !image.crop) return "There is no picture of the photograph";
    const whole = image.crop[2] === 10000 && image.crop[3] === 10000;
    return `Over the photograph${whole ? "" : "; what the model was not shown is dimmed"}`;
  }

  function figure(content, caption) {
    const made = bakeoff.element("figure");
    made.append(content, bakeoff.element("figcaption", {}, caption));
    return made;
  }

  function colours({ low, high }, map) {
    const made = bakeoff.element("div", { class: "colour-bar" });
    made.append(
      bakeoff.element("span", {}, low), bakeoff.featurePicture.bar(map), bakeoff.element("span", {}, high),
    );
    return made;
  }

  function facts(channel) {
    const list = bakeoff.element("dl", { class: "facts" });
    for (const [key, label] of bakeoff.featureWords.FACTS) {
      list.append(bakeoff.element("dt", {}, label), bakeoff.element("dd", { "data-fact": key }, channel[key]));
    }
    return list;
  }
}
