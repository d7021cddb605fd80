/* What the components share: data shards, the state in the address, elements.
   Classic script: browsers block modules and fetch on file://. */
"use strict";

window.bakeoff = (() => {
  // This file is assets/js/core.js, so the site's root is two folders up.
  const root = new URL("../../", document.currentScript.src);

  /* Where a page or file of the site is, given from the site's root. */
  function href(path) {
    return new URL(path, root).href;
  }

  /* Scripts and data, each loaded once. Maps, since a class may be called "__proto__". */
  const scripts = new Map();
  const shards = new Map();

  function loadScript(path) {
    if (!scripts.has(path)) {
      scripts.set(path, new Promise((resolve, reject) => {
        const element = document.createElement("script");
        element.src = new URL(path, root).href;
        element.onload = () => resolve();
        element.onerror = () => {
          scripts.delete(path);
          reject(new Error(`${path} could not be loaded`));
        };
        document.head.append(element);
      }));
    }
    return scripts.get(path);
  }

  /* A shard calls this with its name and its one value. */
  function data(name, value) {
    shards.set(name, value);
  }

  async function load(name) {
    const path = `data/${name}.js`;
    await loadScript(path);
    if (!shards.has(name)) {
      // Cut off or damaged: a script that fails has been loaded all the same.
      scripts.delete(path);
      throw new Error(`${path} could not be read`);
    }
    return shards.get(name);
  }

  /* The state that a person would share, as #key=value&key=value. */
  const listeners = [];

  function read() {
    return new URLSearchParams(location.hash.slice(1));
  }

  /* This page's address with some of the state changed; null leaves a key out. */
  function address(changes) {
    const state = read();
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) state.delete(key);
      else state.set(key, value);
    }
    return `#${state}`;
  }

  function write(changes) {
    // Assigning makes an entry in the history, unlike replaceState, and works on file://.
    location.hash = address(changes);
  }

  /* As write, in place of the newest entry of the history. */
  function replace(changes) {
    location.replace(address(changes));
  }

  /* Calls listener(state) now and whenever the address changes. */
  function follow(listener) {
    listeners.push(listener);
    listener(read());
  }

  window.addEventListener("hashchange", () => {
    const state = read();
    for (const listener of listeners) listener(state);
  });

  /* The selected run: the one in the address if it exists, else the best. */
  function selectedRun(state) {
    const { best, runs } = document.getElementById("comparison").dataset;
    const asked = state.get("run");
    return runs.split(" ").includes(asked) ? asked : best;
  }

  /* Paper is light, whatever the screen is. While its picture is made, style sheets still say what
     the screen shows. */
  let onPaper = false;
  window.addEventListener("beforeprint", () => { onPaper = true; });
  window.addEventListener("afterprint", () => { onPaper = false; });

  /* The value of a colour token, for what CSS does not reach. */
  function colour(token) {
    const probe = document.createElement("span");
    probe.hidden = true;
    if (onPaper) probe.style.colorScheme = "light";
    probe.style.color = `var(${token})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  /* Calls listener() when light turns dark or back, and for paper. */
  function onTheme(listener) {
    for (const event of ["beforeprint", "afterprint"]) window.addEventListener(event, listener);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
    new MutationObserver(listener).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
  }

  function element(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  function svg(name, attributes = {}, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  /* Calls run() once, when an element is in the window or nearly. */
  const awaited = new WeakMap();
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      awaited.get(target)();
    }
  }, { rootMargin: "200px" });

  function whenSeen(element, run) {
    awaited.set(element, run);
    sight.observe(element);
  }

  /* What is said where something could not be loaded. */
  function incomplete({ message }) {
    return `${message}: is the folder complete?`;
  }

  return {
    address, colour, data, element, follow, href, incomplete, load, loadScript, onTheme, read, replace, selectedRun,
    svg, whenSeen, write,
  };
})();

/* The way past the header must not replace the state in the address. */
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

/* A scroll container takes the keyboard only while there is something to scroll. */
(() => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const box = target.closest(".scroll");
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".scroll")) {
    observer.observe(box);
    for (const child of box.children) observer.observe(child);
  }
})();
