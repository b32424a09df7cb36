/* Keeps the figures of a campaign's page up to date: asks the server, which says everything in words. */
"use strict";
(() => {
  const page = document.getElementById("sepahan-campaign");
  if (!page) return;
  const LONGEST_WAIT = 60;
  const TOLD_EVERY = 10; // per cent: a reader is not read every change
  const find = (selector) => page.querySelector(selector);
  const all = (selector) => page.querySelectorAll(selector);
  const bar = find("[data-sepahan-bar]");
  const phase = find("[data-sepahan-phase]");
  const trouble = find("[data-sepahan-trouble]");
  const announcement = find("[data-sepahan-announce]");
  let failures = 0;
  let timer = null;
  let isOver = false;
  let told = Math.floor(Number(bar.getAttribute("aria-valuenow")) / TOLD_EVERY);
  let toldPhase = phase.textContent;

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function show(progress) {
    for (const element of all("[data-sepahan-text]")) put(element, progress[element.dataset.sepahanText]);
    for (const [state, part] of Object.entries(progress.bar)) {
      const rect = bar.querySelector(`[data-sepahan-part="${state}"]`);
      if (rect) {
        rect.setAttribute("x", part.x);
        rect.setAttribute("width", part.width);
      }
    }
    bar.setAttribute("aria-valuenow", progress.percent);
    bar.setAttribute("aria-valuetext", progress.sentence);
    put(phase, progress.phase_label);
    phase.className = `sepahan-state sepahan-state-${progress.phase}`;
    for (const item of all("[data-sepahan-state]")) {
      const count = progress.counts[item.dataset.sepahanState] || "";
      put(item.querySelector("[data-sepahan-count]"), count);
      item.hidden = count === "";
    }
    for (const item of all("[data-sepahan-offer]")) {
      const count = progress.offers[item.dataset.sepahanOffer];
      const number = item.querySelector("[data-sepahan-count]");
      if (number) put(number, count);
      item.hidden = count === "";
    }
    announce(progress);
  }

  function announce(progress) {
    const step = Math.floor(progress.percent / TOLD_EVERY);
    if (step === told && progress.phase_label === toldPhase && progress.is_open) return;
    told = step;
    toldPhase = progress.phase_label;
    put(announcement, progress.is_open ? `${progress.phase_label}. ${progress.sentence}` : page.dataset.done);
  }

  function tell(sentence, isTrouble) {
    put(trouble, sentence);
    trouble.classList.toggle("sepahan-warning", isTrouble);
    trouble.hidden = sentence === "";
  }

  function stop(sentence, isTrouble) {
    isOver = true;
    tell(sentence, isTrouble);
  }

  function again(seconds) {
    if (!isOver) timer = setTimeout(ask, seconds * 1000);
  }

  async function ask() {
    timer = null;
    if (document.hidden) return; // asked again when the page is looked at
    try {
      const answer = await fetch(page.dataset.address, {
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "manual",
      });
      // To the login, or no longer for this user: asking again would not help.
      if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) {
        return stop(page.dataset.closed, true);
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const progress = await answer.json();
      failures = 0;
      tell("", false);
      show(progress);
      if (!progress.is_open) return stop(page.dataset.done, false);
      again(progress.wait);
    } catch {
      failures += 1;
      if (failures > 1) tell(page.dataset.lost, true);
      again(Math.min(LONGEST_WAIT, 2 ** failures));
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer === null) ask();
  });
  again(Number(page.dataset.wait));
})();
