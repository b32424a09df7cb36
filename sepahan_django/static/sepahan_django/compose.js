/* Conveniences of the pages for writing and checking; each works without them. */
"use strict";
(() => {
  const changed = (element, type) => element.dispatchEvent(new Event(type, { bubbles: true }));

  function insert(box, text) {
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.focus();
    changed(box, "input");
  }

  // A column's name goes in where the cursor is.
  for (const chip of document.querySelectorAll("[data-sepahan-insert]")) {
    chip.addEventListener("click", () => insert(document.getElementById(chip.dataset.sepahanInsert), chip.textContent));
  }

  // A template stands in the box as soon as it is chosen.
  for (const select of document.querySelectorAll("[data-sepahan-template]")) {
    const box = document.getElementById(select.dataset.sepahanTemplate);
    const use = select.parentElement.querySelector("button");
    if (use) use.hidden = true;
    select.addEventListener("change", () => {
      const text = select.selectedOptions[0]?.dataset.text;
      if (text === undefined) return;
      box.select();
      // So that Ctrl-Z brings back what was there.
      if (!document.execCommand("insertText", false, text)) box.value = text;
      changed(box, "input");
    });
  }

  // A line for advertising ticks the opt-out line.
  const line = document.querySelector("[data-sepahan-advertising]");
  const tick = document.getElementById("id_with_opt_out");
  if (line && tick) {
    const advertising = line.dataset.sepahanAdvertising.split(" ");
    line.addEventListener("change", () => {
      tick.checked = advertising.includes(line.value);
      changed(tick, "change");
    });
  }

  // What costs money is clicked once. The server sees to it in any case.
  for (const form of document.querySelectorAll("form[data-sepahan-once]")) {
    form.addEventListener("submit", () => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
    });
  }
  // Coming back with the browser's own button finds the page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form[data-sepahan-once] button[type=submit]")) button.disabled = false;
  });
})();
