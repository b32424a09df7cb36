/* Whoever has a message before their eyes has read it: says so to the server, once, by the page's own form. */
"use strict";
(() => {
  const form = document.querySelector("form[data-sepahan-read]");
  if (!form) return;

  async function markRead() {
    const data = new FormData(form);
    const button = form.querySelector("button[name]");
    data.set(button.name, button.value);
    const answer = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    });
    // The marks stay on the page, which shows what was new when it was opened.
    if (answer.ok) (form.closest("li") ?? form).hidden = true;
  }

  // A tab that was opened in the background has been seen by nobody yet.
  function whenSeen() {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", whenSeen);
    markRead().catch(() => {}); // the button is there
  }
  document.addEventListener("visibilitychange", whenSeen);
  whenSeen();
})();
