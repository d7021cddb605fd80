/* Places on a page that keeps state in its address: #recall, as a link or a person gives it, becomes
   at=recall beside the state that is there. */
"use strict";

{
  let shown = null;

  function goTo(at) {
    const place = document.getElementById(at);
    if (!place) return;
    place.scrollIntoView();
    place.focus({ preventScroll: true });
  }

  /* Call it first when the address changes. */
  bakeoff.keepPlace = () => {
    // Ids are of letters that no address encodes.
    const bare = location.hash.slice(1);
    if (bare && !bare.includes("=") && document.getElementById(bare)) {
      bakeoff.replace({ [bare]: null, at: bare });
    }
  };

  /* Call it when what the state asks for is on the page. */
  bakeoff.showPlace = (state) => {
    const at = state.get("at");
    if (at && at !== shown) goTo(at);
    shown = at;
  };

  /* Links inside `part` to places on this page change nothing else in the address. With Ctrl and
     the like they open elsewhere, as links do. */
  bakeoff.followPlaces = (part) => {
    part.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#"]');
      if (!link || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const at = link.getAttribute("href").slice(1);
      if (bakeoff.read().get("at") === at) goTo(at);
      else bakeoff.write({ at });
    });
  };
}
