/* A test image in a list: its picture, its class, and what was said of it. */
"use strict";

bakeoff.imageCard = (() => {
  const SVG_SIDE = 96;

  /* Nothing where it is not known. */
  function percent(permille) {
    return permille < 0 ? "" : bakeoff.percent(permille, 1000);
  }

  function hasPreview({ target, rank }, pictures) {
    return pictures.previews && !pictures.without.includes(`${target}.${rank}`);
  }

  function preview({ target, rank }) {
    return bakeoff.href(`assets/previews/${target}-${rank}.webp`);
  }

  /* A cell of a sheet of thumbnails; see site_builder/explorer/pictures.py. */
  function thumbnail({ target, rank }, { pictures, support }) {
    const { cell, cells, columns, tiny } = pictures;
    const part = Math.floor(rank / cells);
    const place = rank % cells;
    const rows = Math.ceil(Math.min(cells, support[target] - part * cells) / columns);
    // Smoothed, the outermost half pixel is mixed with that of the neighbours.
    const edge = tiny ? 0 : 0.5;
    const picture = bakeoff.svg("svg", {
      viewBox: [(place % columns) * cell + edge, Math.floor(place / columns) * cell + edge, cell - 2 * edge,
        cell - 2 * edge].join(" "),
      width: SVG_SIDE, height: SVG_SIDE, class: tiny ? "pixels" : "photo",
    });
    picture.append(bakeoff.svg("image", {
      href: bakeoff.href(`assets/thumbnails/${target}-${part}.webp`),
      width: columns * cell, height: rows * cell,
    }));
    return picture;
  }

  /* One picture of another class is cheaper than the sheet that holds its thumbnail. */
  function smallPicture(image, about, alone) {
    if (!alone || !hasPreview(image, about.pictures)) return thumbnail(image, about);
    return bakeoff.element("img", { src: preview(image), alt: "", width: SVG_SIDE, height: SVG_SIDE });
  }

  function largePicture(image, about) {
    if (!hasPreview(image, about.pictures)) return thumbnail(image, about);
    return bakeoff.element("img", { src: preview(image), alt: "" });
  }

  /* What a large picture is of the image. There is no larger one: at 640 px the pictures of some thousand
     photographs alone would be more than a site should weigh. */
  async function sizeWords(image, { pictures }, picture) {
    if (hasPreview(image, pictures)) {
      await picture.decode();
      const size = `${bakeoff.count(picture.naturalWidth)} × ${bakeoff.count(picture.naturalHeight)} px`;
      return `shown as a preview of ${size}, not the original`;
    }
    return pictures.tiny || pictures.previews ? "shown with all its pixels"
      : `shown as a thumbnail of at most ${bakeoff.count(pictures.cell)} px, not the original`;
  }

  /* A place for a picture, which is loaded once it is nearly in sight. */
  function frame(image, about, alone) {
    const made = bakeoff.element("span", { class: "sample-picture", "aria-hidden": "true" });
    made.hidden = !about.pictures;
    if (about.pictures) bakeoff.whenSeen(made, () => made.append(smallPicture(image, about, alone)));
    return made;
  }

  /* What was said: the class with its probability or the number of runs, and the second choice. */
  function answer(image, about, classes, second) {
    const [chosen, number] = image.votes ?? image.answers[0];
    const right = chosen === image.target;
    const made = bakeoff.element("span", { class: `sample-answer ${right ? "right" : "wrong"}` });
    if (right) made.append("rightly ");
    else made.append(called(), `${classes[chosen]} `);
    made.append(bakeoff.element("small", {}, image.votes ? votes(number, about) : percent(number)));
    if (second && image.answers.length > 1) {
      const [next, p] = image.answers[1];
      made.append(bakeoff.element("small", { class: "second" }, `before ${classes[next]} ${percent(p)}`));
    }
    return made;
  }

  function called() {
    const made = document.createDocumentFragment();
    made.append(bakeoff.element("span", { "aria-hidden": "true" }, "→ "),
      bakeoff.element("span", { class: "hidden" }, "called "));
    return made;
  }

  function votes(n, about) {
    return `${bakeoff.count(n)} of ${bakeoff.count(about.answers.length)} runs`;
  }

  /* alone: whether images of other classes are listed beside it; second: show the second choice;
     suspected: say what an image may be that all runs get wrong. */
  function card(image, about, classes, { alone, second, suspected }) {
    const item = bakeoff.element("li");
    const link = bakeoff.element("a", {
      href: bakeoff.address({ image: `${image.target}.${image.rank}` }),
    });
    link.append(
      frame(image, about, alone),
      bakeoff.element("span", { class: "sample-class" }, classes[image.target]),
      answer(image, about, classes, second),
      ...(suspected ? bakeoff.imageSuspicions.tag(image) : []),
    );
    item.append(link);
    return item;
  }

  return { answer, card, frame, largePicture, percent, sizeWords };
})();
