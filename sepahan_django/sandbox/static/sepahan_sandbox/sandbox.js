/* Brings in what has happened since, unless somebody is typing. Without it the page is reloaded by hand. */
"use strict";
(() => {
  const phones = document.querySelector(".phones");
  let last = phones.innerHTML;
  const isBusy = () => phones.contains(document.activeElement) || [...phones.querySelectorAll("input[name=text]")].some((box) => box.value);
  const strip = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  setInterval(async () => {
    if (document.hidden || isBusy()) return;
    try {
      const answer = await fetch(window.location.pathname, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(".phones").innerHTML;
      if (!isBusy() && strip(fresh) !== strip(last)) {
        phones.innerHTML = fresh;
        last = fresh;
      }
    } catch {
      /* The server is away; the next turn tries again. */
    }
  }, 3000);
})();
