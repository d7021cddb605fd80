/* <image-dialog>: one test image, large, and what every run said of it. Which one is in the address
   as image=CLASS.PLACE; the arrow keys lead through the list behind it. */
"use strict";

// A block: what is declared here is not seen by other scripts.
{
  const EVIDENCE = ["feature-data", "feature-picture", "activation-overlay"];

  customElements.define("image-dialog", class extends HTMLElement {
    connectedCallback() {
      this.dialog = bakeoff.element("dialog", { class: "image", "aria-labelledby": "image-title" });
      this.append(this.dialog);
      this.dialog.addEventListener("cancel", (event) => this.leave(event));
      // Text that is marked from here to beyond the edge ends in a click on the dialog as well.
      this.dialog.addEventListener("pointerdown", (event) => { this.beyond = this.isBeyond(event); });
      this.dialog.addEventListener("click", (event) => {
        if (this.beyond && this.isBeyond(event)) this.leave(event);
      });
      this.dialog.addEventListener("keydown", (event) => this.turn(event));
    }

    /* list: the images behind, in their order; classes: names; about: data/explorer.js. */
    async show(asked, list, about, classes) {
      Object.assign(this, { asked, list, about, classes, leaving: false });
      if (!asked.image) {
        this.dialog.close();
        this.inList = true;
        return;
      }
      this.remember();
      this.place = list.findIndex(({ target, rank }) =>
        target === asked.image.target && rank === asked.image.rank);
      try {
        const shard = await bakeoff.load(`images/${asked.image.target}`);
        if (asked === this.asked) this.fill(asked.image, shard);
      } catch (error) {
        if (asked === this.asked) this.put(this.head(asked.image, bakeoff.incomplete(error)));
      }
    }

    /* Notes with a new entry of the history whether the list is the one before it. One that is come back to
       has its note, whatever was shown in between. */
    remember() {
      if (history.state === null) history.replaceState({ fromList: this.inList }, "");
      // A step to a neighbour takes the entry's place.
      this.fromList = history.state.fromList;
      this.inList = false;
    }

    fill(image, shard) {
      const [head, body] = [this.head(image, this.caption(image, shard)), this.body(image, shard)];
      this.put(head, body);
      if (this.about.pictures) this.describe(image, body.firstElementChild, head.lastElementChild);
    }

    put(...parts) {
      const focused = document.activeElement?.dataset.step;
      this.dialog.replaceChildren(...parts);
      if (!this.dialog.open) {
        this.dialog.showModal();
        return;
      }
      // Focus must stay in here, or the arrow keys would be heard no more.
      const [close, same] = ["close", focused].map((step) =>
        this.dialog.querySelector(`[data-step="${step}"]:not(:disabled)`));
      (same ?? close).focus();
    }

    /* Says what is shown of the image, once that is known; a picture that is missing is seen to be. */
    async describe(image, picture, note) {
      const words = await bakeoff.imageCard.sizeWords(image, this.about, picture).catch(() => "");
      if (words) note.append(` · ${words}`);
    }

    head(image, note) {
      const head = bakeoff.element("header");
      head.append(
        bakeoff.element("h2", { id: "image-title" }, `Test image of “${this.classes[image.target]}”`),
        this.step(-1, "Previous"), this.step(1, "Next"), this.closer(),
        bakeoff.element("p", { class: "note" }, note),
      );
      return head;
    }

    caption({ rank }, { ids, paths }) {
      const name = paths[rank] === ids[rank] ? "" : `${ids[rank]} · `;
      const file = paths[rank] ? `${name}original: ${paths[rank]} in the dataset’s folder` : ids[rank];
      const place = this.place < 0 ? ""
        : ` · ${bakeoff.count(this.place + 1)} of ${bakeoff.count(this.list.length)} in the list`;
      return `${file}${place}`;
    }

    step(by, label) {
      const button = bakeoff.element("button", { type: "button", "data-step": by }, label);
      button.disabled = !this.neighbour(by);
      button.addEventListener("click", () => this.go(by));
      return button;
    }

    closer() {
      const button = bakeoff.element("button", { type: "button", "data-step": "close" }, "Close");
      button.addEventListener("click", (event) => this.leave(event));
      return button;
    }

    body(image, shard) {
      const body = bakeoff.element("div", { class: "image-body" });
      if (this.about.pictures) body.append(bakeoff.imageCard.largePicture(image, this.about));
      const scroll = bakeoff.element("div", {
        class: "scroll", tabindex: "0", role: "region", "aria-label": "What each run said",
      });
      scroll.append(this.table(image, shard));
      body.append(scroll);
      if (this.about.pictures && this.about.answers[this.asked.answer]?.mapped) this.offerEvidence(image, body);
      return body;
    }

    /* Where the chosen run found the evidence, for the few images of which that is known. */
    async offerEvidence(image, body) {
      const offer = bakeoff.element("activation-overlay");
      body.firstElementChild.after(offer);
      try {
        await Promise.all(EVIDENCE.map((name) => bakeoff.loadScript(`assets/js/${name}.js`)));
        await offer.show(this.asked.run, image, body.firstElementChild, this.about);
      } catch (error) {
        offer.replaceWith(bakeoff.element("p", { class: "note" }, bakeoff.incomplete(error)));
      }
    }

    /* What every run said, the chosen one marked. */
    table({ target, rank }, shard) {
      const table = bakeoff.element("table", { class: "numbers", "aria-label": "What each run said" });
      const head = bakeoff.element("tr");
      head.append(...["Run", "First", "Second", "Third"].map((text) =>
        bakeoff.element("th", { scope: "col" }, text)));
      table.createTHead().append(head);
      const rows = this.about.answers.map(({ id, name }, index) => {
        const row = bakeoff.element("tr", id === this.asked.run ? { "aria-current": "true" } : {});
        row.append(bakeoff.element("th", { scope: "row" }, name));
        for (const said of bakeoff.imageLists.answers(shard, index, rank)) row.append(this.cell(said, target));
        return row;
      });
      table.createTBody().append(...rows);
      return table;
    }

    cell([chosen, permille], target) {
      const right = chosen === target;
      const cell = bakeoff.element("td", { class: right ? "right" : "" });
      cell.append(`${this.classes[chosen]} `,
        bakeoff.element("small", {}, bakeoff.imageCard.percent(permille)));
      if (right) cell.append(bakeoff.element("span", { class: "hidden" }, " right"));
      return cell;
    }

    neighbour(by) {
      return this.place < 0 ? undefined : this.list[this.place + by];
    }

    go(by) {
      const to = this.neighbour(by);
      if (!to || this.leaving) return;
      // Not a step of the history each: back leads out of the dialog.
      this.inList = this.fromList;
      bakeoff.replace({ image: `${to.target}.${to.rank}` });
    }

    turn(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || scrolls(event.target)) return;
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      this.go(by);
    }

    /* Whether the pointer is on what is behind the dialog, not on its own padding. */
    isBeyond({ target, clientX, clientY }) {
      const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
      return target === this.dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
    }

    /* Back to the list: a step back where we came from it, else the list takes our place. The address follows
       a moment later: whoever closes twice has left once. */
    leave(event) {
      event.preventDefault();
      if (this.leaving) return;
      this.leaving = true;
      if (this.fromList) history.back();
      else bakeoff.replace({ image: null });
    }
  });

  /* Whether arrow keys scroll what has the focus: a table that is wider than the dialog. */
  function scrolls(target) {
    const box = target.closest(".scroll");
    return Boolean(box) && box.scrollWidth > box.clientWidth;
  }
}
