/* <code-block>: a button that copies the code. Browsers give the clipboard to pages of https://,
   localhost and files alone; elsewhere the code is selected, for the keyboard to copy. */
"use strict";

customElements.define("code-block", class extends HTMLElement {
  connectedCallback() {
    this.pre = this.querySelector("pre");
    const caption = this.querySelector("figcaption");
    const title = caption.textContent;
    this.status = bakeoff.element("span", { role: "status" });
    const button = bakeoff.element("button", { type: "button", "aria-label": `Copy ${title}` }, "Copy");
    button.addEventListener("click", () => this.copy());
    caption.append(this.status, button);
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.pre.textContent);
      this.status.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(this.pre);
      this.status.textContent = "Selected: copy it with the keyboard";
    }
  }
});
