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

  function show(box, target) {
    const language = document.documentElement.lang || "en";
    const number = (value) => new Intl.NumberFormat(language).format(value);
    const count = countParts(box.value);
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
      show(box, target);
    }
  }
})();
