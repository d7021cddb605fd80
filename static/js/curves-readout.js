/* The table of curves.html that says what each run drawn is like in one epoch, and the slider that
   chooses it. */
"use strict";

bakeoff.curvesReadout = (() => {
  const NUMBERS = 6;

  /* drawn: [{ key, look, label, series }]; moment: see curves-moment.js. */
  function show(view, drawn, moment) {
    const { words, epochOf, epoch, marked } = moment;
    const part = (name) => view.querySelector(`[data-part=${name}]`);
    if (view.asked.across === "seconds") slideOverTime(part("epoch"), drawn, moment);
    else slideOverEpochs(part("epoch"), drawn, moment);
    part("epoch").setAttribute("aria-valuetext", epoch !== null ? `epoch ${epoch}` : marked ? words : "best epochs");
    part("slider-label").textContent = view.asked.across === "seconds" ? "Time" : "Epoch";
    part("bests").hidden = !marked;
    if (part("which").textContent !== words) part("which").textContent = words;
    part("readout").replaceChildren(...drawn.map((of) => row(of, epochOf(of.series))));
  }

  function slideOverEpochs(slider, drawn, moment) {
    slider.max = Math.max(1, ...drawn.map(({ series }) => series.texts.length));
    slider.value = epochOfFirst(drawn, moment);
  }

  /* Its steps are the ends of all epochs drawn. */
  function slideOverTime(slider, drawn, moment) {
    const ends = bakeoff.curvesMoment.ends(drawn);
    const end = moment.end ?? drawn[0]?.series.values.seconds[epochOfFirst(drawn, moment) - 1];
    slider.max = Math.max(1, ends.length);
    slider.value = ends.findIndex(([of]) => of === end) + 1;
  }

  function epochOfFirst(drawn, { epoch }) {
    return epoch ?? drawn[0]?.series.best ?? 1;
  }

  function row({ key, look, label, series }, epoch) {
    const made = bakeoff.element("tr", { "data-run": key });
    const heading = bakeoff.element("th", { scope: "row" });
    heading.append(lineKey(look), " ", ...label.cloneNode(true).childNodes);
    const [numbers, remark] = series.texts[epoch - 1]
      ?? [Array(NUMBERS).fill("–"), epoch ? `ended after epoch ${bakeoff.count(series.texts.length)}` : "in its first epoch"];
    made.append(heading, ...[epoch ? bakeoff.count(epoch) : "–", ...numbers].map((text) => bakeoff.element("td", {}, text)),
      bakeoff.element("td", { class: "text" }, remark));
    return made;
  }

  function lineKey(look) {
    const key = bakeoff.svg("svg", { class: "chart key", viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" });
    const line = bakeoff.svg("g", { class: `line val ${look}` });
    line.append(bakeoff.svg("polyline", { points: "1,4 23,4" }));
    key.append(line);
    return key;
  }

  return { show };
})();
