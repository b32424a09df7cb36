/* Counts what is being typed as the network does: the twin of values/parts.py, tested with the same table. */
"use strict";
(() => {
  const BASIC = new Set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
  );
  const EXTENDED = new Set("\f^{}\\[~]|€");

  function countParts(text) {
    const characters = Array.from(text);
    const foreign = characters.filter((character) => !BASIC.has(character) && !EXTENDED.has(character));
    const isGsm = foreign.length === 0;
    const size = (character) => (isGsm ? (EXTENDED.has(character) ? 2 : 1) : character.length);
    const [single, joined] = isGsm ? [160, 153] : [70, 67];
    const units = characters.reduce((sum, character) => sum + size(character), 0);
    const result = { encoding: isGsm ? "GSM-7" : "UCS-2", characters: characters.length, units, foreign: [...new Set(foreign)] };
    if (units === 0) return { ...result, parts: 0, left: single };
    if (units <= single) return { ...result, parts: 1, left: single - units };
    let parts = 1;
    let used = 0;
    for (const character of characters) {
      // A pair is never cut in two by the end of a part.
      if (used + size(character) > joined) {
        parts += 1;
        used = 0;
      }
      used += size(character);
    }
    return { ...result, parts, left: joined - used };
  }

  // What typing aids put in, and what stands for it in the Latin alphabet of SMS.
  const PLAIN = new Map(
    Object.entries({
      "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u2032": "'", "`": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
      "\u00ab": '"', "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2022": "-",
      "\u2026": "...", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " ", "\u200b": "", "\u00ad": "", "\ufeff": "",
    }),
  );

  function plain(text) {
    return Array.from(text, (character) => PLAIN.get(character) ?? character).join("");
  }

  // The text as it goes out: with its last line, where that is ticked.
  function goingOut(box) {
    const tick = box.dataset.sepahanSuffix ? document.getElementById(box.dataset.sepahanSuffix) : null;
    const target = document.getElementById(box.dataset.sepahanCounter);
    if (!tick?.checked || !target.dataset.optOut || box.value.trim() === "") return box.value;
    return `${box.value.trimEnd()}\n${target.dataset.optOut}`;
  }

  function show(box, target) {
    const language = document.documentElement.lang || "en";
    const number = (value) => new Intl.NumberFormat(language).format(value);
    const count = countParts(goingOut(box));
    const button = box.form?.querySelector(".sepahan-plain");
    if (button) {
      const foreign = countParts(box.value).foreign;
      button.hidden = foreign.length === 0 || !foreign.every((character) => PLAIN.has(character));
    }
    if (count.units === 0) {
      target.textContent = target.dataset.none;
      return;
    }
    let shown = target.dataset.count
      .replace("{characters}", number(count.characters))
      .replace("{parts}", number(count.parts))
      .replace("{left}", number(count.left));
    const latin = /[A-Za-z]/.test(box.value);
    if (latin && count.foreign.length > 0 && count.foreign.length <= 3) {
      shown += ` · ${target.dataset.unicode.replace("{characters}", count.foreign.join(" "))}`;
    }
    target.textContent = shown;
  }

  window.sepahanCountParts = countParts;
  for (const box of document.querySelectorAll("[data-sepahan-counter]")) {
    const target = document.getElementById(box.dataset.sepahanCounter);
    if (target) {
      box.addEventListener("input", () => show(box, target));
      document.getElementById(box.dataset.sepahanSuffix)?.addEventListener("change", () => show(box, target));
      box.form?.querySelector(".sepahan-plain")?.addEventListener("click", () => {
        box.value = plain(box.value);
        show(box, target);
        box.focus();
      });
      show(box, target);
    }
  }
})();
