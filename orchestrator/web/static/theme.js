// Before anything is drawn: the colours that were chosen here last.
(() => {
  "use strict";
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    // storage is turned off: as the system has it
  }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
