/* The numbers of channels as a table, as templates/pages/feature-maps.html has it. */
"use strict";

bakeoff.featureTable = (channels, label) => {
  const { FACTS } = bakeoff.featureWords;
  const table = bakeoff.element("table", { class: "numbers", "aria-label": label });
  const head = bakeoff.element("tr");
  head.append(...["Channel", ...FACTS.map(([, text]) => text)].map((text) =>
    bakeoff.element("th", { scope: "col" }, text)));
  table.createTHead().append(head);
  table.createTBody().append(...channels.map((channel) => {
    const row = bakeoff.element("tr");
    row.append(bakeoff.element("th", { scope: "row" }, channel.channel));
    row.append(...FACTS.map(([key]) => bakeoff.element("td", {}, channel[key])));
    return row;
  }));
  return table;
};
