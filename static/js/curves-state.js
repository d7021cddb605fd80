/* What the address of curves.html says: runs=KEY KEY, x=seconds, y=log, epoch=NUMBER, and with x=seconds
   time=SECONDS in its place. */
"use strict";

bakeoff.curvesState = (() => {
  const NONE = "-";

  /* keys: all that can be drawn; first: those drawn if none is asked for; at most `max`. */
  function read(state, { keys, first, max }) {
    const asked = state.get("runs") ?? "";
    const known = [...new Set(asked.split(" "))].filter((key) => keys.includes(key));
    const [epoch, time] = ["epoch", "time"].map((name) => Number(state.get(name)));
    const across = state.get("x") === "seconds" ? "seconds" : "epoch";
    return {
      runs: known.length || asked === NONE ? known.slice(0, max) : first,
      across,
      scale: state.get("y") === "log" ? "log" : "linear",
      epoch: Number.isInteger(epoch) && epoch > 0 ? epoch : null,
      time: across === "seconds" && time > 0 ? time : null,
    };
  }

  function writeRuns(runs, first) {
    const asBuilt = runs.length === first.length && runs.every((key) => first.includes(key));
    bakeoff.write({ runs: asBuilt ? null : runs.join(" ") || NONE });
  }

  return { read, writeRuns };
})();
