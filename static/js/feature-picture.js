/* Pictures of maps: tiles cut out of an atlas and coloured by a filter of the page (map-NAME), and
   photographs with a tile laid over what the model was shown of them. */
"use strict";

bakeoff.featurePicture = (() => {
  /* layout: sizes of a tile, tiles in a row, and tiles in all. */
  function tile(href, { width, height, columns, n }, place, map) {
    const picture = bakeoff.svg("svg", {
      viewBox: `${(place % columns) * width} ${Math.floor(place / columns) * height} ${width} ${height}`,
      filter: `url(#map-${map})`, class: "pixels", preserveAspectRatio: "none", "aria-hidden": "true",
    });
    picture.append(bakeoff.svg("image", {
      href, width: columns * width, height: Math.ceil(n / columns) * height, preserveAspectRatio: "none",
    }));
    return picture;
  }

  function ofLayer({ tile: side, columns, shown }) {
    return { width: side, height: side, columns, n: shown.length };
  }

  function ofActivation({ size: [height, width], columns, maps }) {
    return { width, height, columns, n: maps.length };
  }

  /* An image by its name in the address of errors.html. */
  function named(image) {
    const [target, rank] = image.split(".").map(Number);
    return { target, rank };
  }

  /* A thumbnail shows the whole image in the middle of a square cell: that part of it. */
  function trim(thumbnail, size) {
    const [left, top, cell] = thumbnail.getAttribute("viewBox").split(" ").map(Number);
    const longest = Math.max(...size);
    const factor = Math.floor(cell / longest) || cell / longest;
    const [width, height] = size.map((side) => Math.round(side * factor));
    const [x, y] = [left + Math.floor((cell - width) / 2), top + Math.floor((cell - height) / 2)];
    thumbnail.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    thumbnail.setAttribute("preserveAspectRatio", "none");
  }

  function photograph({ image, size }, about) {
    const made = bakeoff.imageCard.largePicture(named(image), about);
    if (made.localName === "svg") trim(made, size);
    return made;
  }

  /* The photograph with `laid` over the part that the model was shown; the rest is dimmed. */
  function stage(image, about, laid) {
    const made = bakeoff.element("div", { class: "stage-photo" });
    const [width, height] = image.size ?? [1, 1];
    made.style.aspectRatio = `${width} / ${height}`;
    if (about.pictures && image.crop) made.append(photograph(image, about));
    const crop = bakeoff.element("div", { class: "stage-crop" });
    const shares = (image.crop ?? [0, 0, 10000, 10000]).map((share) => `${share / 100}%`);
    ["left", "top", "width", "height"].forEach((side, at) => crop.style.setProperty(side, shares[at]));
    crop.append(laid);
    made.append(crop);
    return made;
  }

  /* Where an image and what all runs said of it are. */
  function address(id, image) {
    return bakeoff.href(`errors.html#view=class&run=${id}&target=${named(image).target}&image=${image}`);
  }

  /* From black to white as the map colours it. */
  function bar(map) {
    const made = bakeoff.svg("svg", {
      viewBox: "0 0 64 1", preserveAspectRatio: "none", filter: `url(#map-${map})`, "aria-hidden": "true",
    });
    for (let at = 0; at < 64; at += 1) {
      const grey = Math.round((255 * at) / 63);
      // Overlapping, or their seams would be seen.
      made.append(bakeoff.svg("rect", { x: at, width: 64 - at, height: 1, fill: `rgb(${grey},${grey},${grey})` }));
    }
    return made;
  }

  return { address, bar, named, ofActivation, ofLayer, stage, tile };
})();
