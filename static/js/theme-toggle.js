/* <theme-toggle>: a button that goes round automatic, light and dark, and remembers. */
"use strict";

customElements.define("theme-toggle", class extends HTMLElement {
  static CHOICES = ["auto", "light", "dark"];

  connectedCallback() {
    this.button = bakeoff.element("button", { type: "button" });
    this.button.addEventListener("click", () => {
      const choices = this.constructor.CHOICES;
      this.choose(choices[(choices.indexOf(this.choice) + 1) % choices.length]);
      this.remember();
    });
    this.replaceChildren(this.button);
    this.choose(this.remembered());
  }

  choose(choice) {
    this.choice = choice;
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    this.button.textContent = `Theme: ${choice}`;
  }

  // Storage may be forbidden, as it is on file:// in some browsers; then nothing is remembered.
  remember() {
    try {
      localStorage.setItem("bakeoff-theme", this.choice);
    } catch { /* the choice holds for this page */ }
  }

  remembered() {
    try {
      const choice = localStorage.getItem("bakeoff-theme");
      return this.constructor.CHOICES.includes(choice) ? choice : "auto";
    } catch {
      return "auto";
    }
  }
});
