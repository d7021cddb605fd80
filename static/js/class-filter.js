/* <class-filter>: leaves those rows of the table of classes whose texts hold the words typed. In the address: find. */
"use strict";

{
  customElements.define("class-filter", class extends HTMLElement {
    connectedCallback() {
      this.field = this.querySelector("input");
      this.count = this.querySelector("output");
      this.rows = [...document.querySelectorAll("sortable-table[data-key=classes] tbody tr")].map((row) => {
        const texts = [...row.querySelectorAll("th, td.text:not(:last-child)")];
        return { row, text: texts.map(({ textContent }) => textContent).join(" ").toLowerCase() };
      });
      // Each letter typed is no step of the history.
      this.field.addEventListener("input", () => bakeoff.replace({ find: this.field.value || null }));
      this.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
      bakeoff.follow((state) => this.show(state.get("find") ?? ""));
    }

    show(asked) {
      if (this.field !== document.activeElement || this.field.value.trim() !== asked.trim()) this.field.value = asked;
      const words = asked.toLowerCase().split(" ").filter(Boolean);
      let left = 0;
      for (const { row, text } of this.rows) {
        row.hidden = !words.every((word) => text.includes(word));
        left += row.hidden ? 0 : 1;
      }
      this.count.textContent = words.length
        ? `${bakeoff.count(left)} of ${bakeoff.count(this.rows.length)} classes` : "";
    }
  });
}
