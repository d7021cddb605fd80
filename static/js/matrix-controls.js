/* The choices above a confusion matrix. A control with data-state NAME is kept in the address as
   matrix-NAME; what its HTML offers first is the default,
   which the address leaves out, and what it does not offer is refused. */
"use strict";

bakeoff.matrixControls = (() => {
  const isButton = (control) => control.localName === "button";

  function offered(control) {
    if (control.localName === "select") return [...control.options].map((option) => option.value);
    return isButton(control) ? [control.value] : ["shown", control.value];
  }

  function chosen(control) {
    return control.type === "checkbox" && !control.checked ? "shown" : control.value;
  }

  function reflect(control, value) {
    if (isButton(control)) control.setAttribute("aria-pressed", String(control.value === value));
    else if (control.type === "checkbox") control.checked = control.value === value;
    else control.value = value;
  }

  /* Returns read(address): the state by name, which the controls then show. */
  return (root) => {
    const byName = new Map();
    for (const control of root.querySelectorAll("[data-state]")) {
      const name = control.dataset.state;
      byName.set(name, [...(byName.get(name) ?? []), control]);
    }
    for (const [name, controls] of byName) {
      const [standard] = controls.flatMap(offered);
      for (const control of controls) {
        control.addEventListener(isButton(control) ? "click" : "change", () => {
          const value = chosen(control);
          bakeoff.write({ [`matrix-${name}`]: value === standard ? null : value });
        });
      }
    }
    return (address) => Object.fromEntries([...byName].map(([name, controls]) => {
      const values = controls.flatMap(offered);
      const asked = address.get(`matrix-${name}`);
      const value = values.includes(asked) ? asked : values[0];
      for (const control of controls) reflect(control, value);
      return [name, value];
    }));
  };
})();
