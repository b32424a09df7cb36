/* A calendar beside a text field that takes a Jalali date. Typing stays possible; nothing typed is changed
   but by choosing. The browser's own Persian calendar counts the days, so there is no table of leap years. */
"use strict";
(() => {
  const DAY = 86_400_000;
  const TEHRAN = "Asia/Tehran";
  const FIRST_GREGORIAN_YEAR = 1700; // as on the server: a year below it is Jalali
  const language = document.documentElement.lang || "en";
  const isRtl = () => document.documentElement.dir === "rtl";

  // Days are whole numbers since 1970-01-01, so that no time zone can move them.
  const inPersian = (locale, options) => new Intl.DateTimeFormat(`${locale}-u-ca-persian`, { timeZone: "UTC", ...options });
  const counted = inPersian("en", { year: "numeric", month: "numeric", day: "numeric", numberingSystem: "latn" });
  const fullNames = inPersian(language, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
  const monthNames = inPersian(language, { month: "long" });
  const weekdays = (width) => new Intl.DateTimeFormat(language, { weekday: width, timeZone: "UTC" });
  const number = new Intl.NumberFormat(language, { useGrouping: false });
  const twoDigits = new Intl.NumberFormat(language, { useGrouping: false, minimumIntegerDigits: 2 });
  const moment = (day) => new Date(day * DAY + DAY / 2);

  function jalali(day) {
    const parts = {};
    for (const { type, value } of counted.formatToParts(moment(day))) {
      parts[type === "relatedYear" ? "year" : type] = Number.parseInt(value, 10);
    }
    return { year: parts.year, month: parts.month, day: parts.day };
  }

  /* The first day of a month: a guess, mended by what the calendar says of it. */
  function firstOf(year, month) {
    let day = Math.floor((year - 1348) * 365.2422 + (month - 1) * 30.44) - 286;
    for (let step = 0; step < 10; step += 1) {
      const found = jalali(day);
      const months = (year - found.year) * 12 + (month - found.month);
      if (months === 0) return day - found.day + 1;
      day += months > 0 ? 32 - found.day : -found.day;
    }
    return day;
  }

  const shifted = (year, month, by) => {
    const months = year * 12 + month - 1 + by;
    return { year: Math.floor(months / 12), month: (months % 12) + 1 };
  };
  const lengthOf = (year, month) => {
    const next = shifted(year, month, 1);
    return firstOf(next.year, next.month) - firstOf(year, month);
  };
  /* 0 for Saturday to 6 for Friday. */
  const column = (day) => (((day + 5) % 7) + 7) % 7;

  function now() {
    const parts = {};
    const clock = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
      timeZone: TEHRAN, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
    });
    for (const { type, value } of clock.formatToParts(new Date())) parts[type] = Number.parseInt(value, 10);
    return { day: Date.UTC(parts.year, parts.month - 1, parts.day) / DAY, hour: parts.hour, minute: parts.minute };
  }

  const latin = (text) =>
    text.replace(/[۰-۹٠-٩]/g, (digit) => String(digit.charCodeAt(0) & 15)).replace(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "");

  /* What stands in the field, if it is a date; the server is the one that judges it. */
  function read(text) {
    const found = /(\d{4})[/\-.](\d{1,2})[/\-.](\d{1,2})/.exec(latin(text));
    if (!found) return null;
    const [year, month, date] = found.slice(1).map(Number);
    if (month < 1 || month > 12 || date < 1 || date > 31) return null;
    const time = /(\d{1,2}):(\d{1,2})/.exec(latin(text));
    const hour = time && Number(time[1]) < 24 ? Number(time[1]) : null;
    const minute = time && Number(time[2]) < 60 ? Number(time[2]) : 0;
    const day = year < FIRST_GREGORIAN_YEAR
      ? firstOf(year, month) + Math.min(date, lengthOf(year, month)) - 1
      : Date.UTC(year, month - 1, date) / DAY;
    return { day, hour, minute };
  }

  function written(day, time) {
    const { year, month, day: date } = jalali(day);
    const shown = `${number.format(year)}/${twoDigits.format(month)}/${twoDigits.format(date)}`;
    return time ? `${shown} ${twoDigits.format(time.hour)}:${twoDigits.format(time.minute)}` : shown;
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const DEFAULTS = {
    open: "Calendar", today: "Today", previousMonth: "Previous month", nextMonth: "Next month",
    previousYear: "Previous year", nextYear: "Next year", hour: "Hour", minute: "Minute",
    choose: "Select", cancel: "Close", past: "This time has passed.",
  };

  class Picker {
    constructor(input) {
      this.input = input;
      this.hasTime = input.dataset.sepahanPicker === "datetime";
      this.fromNow = input.dataset.sepahanMin === "now";
      this.texts = { ...DEFAULTS, ...JSON.parse(input.dataset.sepahanTexts || "{}") };
      const label = input.labels && input.labels[0] ? input.labels[0].textContent.trim().replace(/:$/, "") : "";
      const name = label ? `${this.texts.open}: ${label}` : this.texts.open;
      this.name = name;
      this.opener = element("button", { type: "button", class: "sepahan-picker-open", "aria-haspopup": "dialog", "aria-label": name, title: name });
      this.opener.addEventListener("click", () => this.open());
      input.insertAdjacentElement("afterend", this.opener);
    }

    button(text, label, work) {
      const made = element("button", { type: "button", ...(label ? { "aria-label": label, title: label } : {}) }, text);
      made.addEventListener("click", work);
      return made;
    }

    build() {
      this.dialog = element("dialog", { class: "sepahan-picker", "aria-label": this.name });
      this.title = element("strong", { "aria-live": "polite" });
      const [back, on] = isRtl() ? ["›", "‹"] : ["‹", "›"];
      const [farBack, farOn] = isRtl() ? ["»", "«"] : ["«", "»"];
      const head = element("div", { class: "sepahan-picker-head" },
        this.button(farBack, this.texts.previousYear, () => this.turn(-12)),
        this.button(back, this.texts.previousMonth, () => this.turn(-1)),
        this.title,
        this.button(on, this.texts.nextMonth, () => this.turn(1)),
        this.button(farOn, this.texts.nextYear, () => this.turn(12)));
      const names = element("tr");
      const saturday = firstOf(1405, 1); // 21 March 2026 is a Saturday
      for (let i = 0; i < 7; i += 1) {
        const day = moment(saturday + i);
        names.append(element("th", { scope: "col", abbr: weekdays("long").format(day), ...(i === 6 ? { class: "sepahan-friday" } : {}) },
          weekdays(language.startsWith("fa") ? "narrow" : "short").format(day)));
      }
      this.body = element("tbody");
      this.table = element("table", { role: "grid" }, element("thead", {}, names), this.body);
      this.table.addEventListener("keydown", (event) => this.key(event));
      this.problem = element("p", { role: "alert", class: "sepahan-picker-problem" });
      const foot = element("div", { class: "sepahan-picker-foot" }, this.button(this.texts.today, "", () => this.today()));
      if (this.hasTime) foot.append(this.button(this.texts.choose, "", () => this.choose()));
      foot.append(this.button(this.texts.cancel, "", () => this.dialog.close()));
      this.dialog.append(head, this.table);
      if (this.hasTime) this.dialog.append(this.clock());
      this.dialog.append(this.problem, foot);
      // A click on the backdrop is one on the dialog itself.
      this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
      this.dialog.addEventListener("close", () => this.opener.focus());
      document.body.append(this.dialog);
    }

    clock() {
      const choice = (label, count) => {
        const made = element("select", { "aria-label": label });
        for (let i = 0; i < count; i += 1) made.append(element("option", { value: i }, twoDigits.format(i)));
        return made;
      };
      this.hour = choice(this.texts.hour, 24);
      this.minute = choice(this.texts.minute, 60);
      return element("div", { class: "sepahan-picker-time", dir: "ltr" }, this.hour, ":", this.minute);
    }

    open() {
      if (!this.dialog) this.build();
      const current = now();
      const there = read(this.input.value);
      this.first = this.fromNow ? current.day : -Infinity;
      this.chosen = there ? there.day : null;
      this.focused = Math.max(there ? there.day : current.day, this.first);
      if (this.hasTime) {
        // Without a time of its own: the next quarter of an hour.
        const minutes = Math.min((Math.floor((current.hour * 60 + current.minute) / 15) + 1) * 15, 23 * 60 + 59);
        this.hour.value = String(there && there.hour !== null ? there.hour : Math.floor(minutes / 60));
        this.minute.value = String(there && there.hour !== null ? there.minute : minutes % 60);
        if (this.chosen === null) this.chosen = this.focused;
      }
      this.problem.textContent = "";
      this.draw();
      this.dialog.showModal();
      this.focus();
    }

    draw() {
      const { year, month } = jalali(this.focused);
      const first = firstOf(year, month);
      const length = lengthOf(year, month);
      const name = `${monthNames.format(moment(first + 14))} ${number.format(year)}`;
      if (this.title.textContent !== name) this.title.textContent = name;
      this.table.setAttribute("aria-label", name);
      const current = now().day;
      const rows = [];
      for (let start = first - column(first); start < first + length; start += 7) {
        const row = element("tr");
        for (let day = start; day < start + 7; day += 1) {
          row.append(day < first || day >= first + length ? element("td") : this.cell(day, day - first + 1, current));
        }
        rows.push(row);
      }
      this.body.replaceChildren(...rows);
    }

    cell(day, date, current) {
      const button = element("button", {
        type: "button", tabindex: day === this.focused ? "0" : "-1", "data-day": day, "aria-label": fullNames.format(moment(day)),
        ...(day === current ? { "aria-current": "date" } : {}),
        ...(day < this.first ? { "aria-disabled": "true" } : {}),
        ...(column(day) === 6 ? { class: "sepahan-friday" } : {}),
      }, number.format(date));
      button.addEventListener("click", () => this.pick(day));
      return element("td", { role: "gridcell", "aria-selected": String(day === this.chosen) }, button);
    }

    focus() {
      const found = this.body.querySelector('[tabindex="0"]');
      if (found) found.focus();
    }

    /* So many months on or back, to the same day or the last of a shorter month. */
    turn(by, keepFocus = false) {
      const { year, month, day } = jalali(this.focused);
      const to = shifted(year, month, by);
      this.focused = firstOf(to.year, to.month) + Math.min(day, lengthOf(to.year, to.month)) - 1;
      this.draw();
      if (keepFocus) this.focus();
    }

    key(event) {
      const forward = isRtl() ? -1 : 1;
      const days = {
        ArrowRight: forward, ArrowLeft: -forward, ArrowDown: 7, ArrowUp: -7,
        Home: -column(this.focused), End: 6 - column(this.focused),
      };
      const months = { PageDown: event.shiftKey ? 12 : 1, PageUp: event.shiftKey ? -12 : -1 };
      if (event.key in days) this.focused += days[event.key];
      else if (!(event.key in months)) return;
      event.preventDefault();
      if (event.key in months) this.turn(months[event.key], true);
      else {
        this.draw();
        this.focus();
      }
    }

    pick(day) {
      if (day < this.first) return;
      this.chosen = this.focused = day;
      if (!this.hasTime) {
        this.write(written(day));
        return;
      }
      this.draw();
      this.focus();
    }

    today() {
      const current = now();
      this.focused = current.day;
      this.pick(current.day);
    }

    choose() {
      const time = { hour: Number(this.hour.value), minute: Number(this.minute.value) };
      const current = now();
      const isPast = this.chosen < current.day ||
        (this.chosen === current.day && time.hour * 60 + time.minute < current.hour * 60 + current.minute);
      if (this.fromNow && isPast) {
        this.problem.textContent = this.texts.past;
        return;
      }
      this.write(written(this.chosen, time));
    }

    write(text) {
      this.input.value = text;
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
      this.dialog.close();
    }
  }

  function enhance(root) {
    if (counted.resolvedOptions().calendar !== "persian" || !window.HTMLDialogElement) return;
    for (const input of root.querySelectorAll("input[data-sepahan-picker]:not([data-sepahan-ready])")) {
      input.dataset.sepahanReady = "";
      new Picker(input);
    }
  }

  window.sepahanPicker = { enhance, jalali, firstOf, lengthOf, read, written };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => enhance(document));
  else enhance(document);
})();
