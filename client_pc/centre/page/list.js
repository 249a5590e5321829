// 목록: every certificate of this PC, to be searched, filtered, and taken several at once.

import { button, notice, quiet } from "../../../web_phone/ui/components.js";
import { MAX_ITEMS } from "../../../web_phone/core/limits.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { fill, make } from "../../../web_phone/ui/dom.js";
import { FILTERS, foldedAs } from "./model.js";
import { busy, certificateLink, fault, nameOf } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./model.js").Certificate} Certificate */
/** @typedef {import("./model.js").Wanted} Wanted */

/** How many lines are drawn at once; the next ones come when the last is seen. */
const PORTION = 20;

/** @param {App} app @param {string} first what is filtered for at the beginning @returns {View} */
export function list(app, first) {
  /** @type {Wanted} */
  const wanted = { text: "", filter: first === "late" ? "expiring" : "all", place: "" };
  const results = make("div", { class: "results" });
  const count = make("p", { class: "quiet", role: "status" });
  const every = button("", () => {
    if (app.stock === null) return;
    for (const { path } of app.stock.shown(wanted)[0]) app.chosen.add(path);
    drawResults();
  }, "text small");
  const bar = make("div", { class: "picked" });
  /** @type {IntersectionObserver | null} */
  let watching = null;

  const drawBar = () => {
    const { texts } = app;
    const paths = chosenPaths(app);
    bar.hidden = paths.length === 0;
    fill(
      bar,
      make("p", { role: "status" }, texts.say("centre.list.chosen", { count: paths.length })),
      make(
        "div",
        { class: "picked-acts" },
        paths.length <= MAX_ITEMS
          ? button(texts.say("centre.send"), () => void app.beginCopy("export", paths), "main")
          : quiet(texts, "browser.choose.text", { most: MAX_ITEMS }),
        paths.length <= MAX_ITEMS && button(texts.say("centre.send.form"), () => app.go("several/send")),
        button(texts.say("centre.list.p12"), () => app.go("several/convert")),
        button(texts.say("centre.delete"), () => app.go("several/delete")),
        button(texts.say("centre.list.none"), () => {
          app.chosen.clear();
          drawResults();
        }, "text"),
      ),
    );
  };

  const line = (/** @type {Certificate} */ each) => {
    const input = make("input", { type: "checkbox", "aria-label": app.texts.say("centre.list.choose", { owner: nameOf(each) }) });
    input.checked = app.chosen.has(each.path);
    input.addEventListener("change", () => {
      if (input.checked) app.chosen.add(each.path);
      else app.chosen.delete(each.path);
      drawBar();
    });
    return make("li", { class: "with-check" }, make("label", { class: "tick" }, input), certificateLink(app.texts, each));
  };

  const drawResults = () => {
    const { texts, stock } = app;
    if (watching !== null) watching.disconnect();
    drawBar();
    if (stock === null) return fill(results, busy(texts));
    if (app.stockFault !== null) return fill(results, ...fault(texts, app.stockFault));
    const [found, folded] = stock.shown(wanted);
    const isMixed = wanted.place === "" && stock.shelves.length > 1;
    count.textContent = texts.say("centre.list.count", { count: found.length });
    every.textContent = texts.say("centre.list.every");
    every.hidden = found.length < 2;
    const lines = make("ul", { class: "lines" });
    const more = button("", () => grow(), "text");
    let drawn = 0;
    const grow = () => {
      const portion = found.slice(drawn, drawn + PORTION);
      lines.append(...portion.flatMap((each, at) => [isMixed && isFirst(each, portion[at - 1] || found[drawn - 1]) && shelf(each), line(each)].filter((every) => every !== false)));
      drawn = Math.min(found.length, drawn + PORTION);
      more.hidden = drawn === found.length;
      more.textContent = texts.say("centre.list.more", { count: found.length - drawn });
    };
    grow();
    if (typeof IntersectionObserver !== "undefined") {
      watching = new IntersectionObserver((seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) grow();
      }, { rootMargin: "600px" });
      watching.observe(more);
    }
    const none = found.length === 0 && folded.length === 0;
    fill(
      results,
      none && make("p", {}, texts.say(stock.all.length === 0 ? "centre.home.none" : "pc.list.none")),
      found.length > 0 && lines,
      more,
      folded.length > 0 && foldedPart(folded),
    );
  };

  /** @param {Certificate} each @param {Certificate | undefined} before */
  const isFirst = (each, before) => before === undefined || before.place !== each.place;

  /** The name of a shelf, above what stands on it. @param {Certificate} each */
  const shelf = ({ place = "" }) => make("li", { class: "shelf" }, printable(place, Infinity));

  const foldedPart = (/** @type {Certificate[]} */ folded) => {
    const { texts } = app;
    const lines = make("ul", { class: "lines" });
    const part = make("details", { id: "folded" }, make("summary", {}, texts.say("centre.list.folded", { count: folded.length })), lines);
    // Drawn when it is opened: a thousand broken ones cost nothing before.
    part.addEventListener("toggle", () => {
      if (part.open && lines.childElementCount === 0) lines.append(...folded.map((each) => make("li", {}, certificateLink(texts, each), why(app, each))));
    });
    return part;
  };

  const search = () => {
    const { texts } = app;
    const input = make("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
    input.value = wanted.text;
    input.addEventListener("input", () => {
      wanted.text = input.value;
      drawResults();
    });
    return make("div", { class: "search" }, make("label", { for: "search" }, texts.say("centre.list.search")), input);
  };

  const filters = () =>
    make(
      "fieldset",
      { class: "filters" },
      make("legend", { class: "visually-hidden" }, app.texts.say("centre.list.filter")),
      ...FILTERS.map((filter) => {
        const input = make("input", { type: "radio", name: "filter", id: `filter-${filter}`, value: filter });
        input.checked = wanted.filter === filter;
        input.addEventListener("change", () => {
          wanted.filter = filter;
          drawResults();
        });
        const said = filter === "all" ? app.texts.say("centre.list.all") : app.texts.say(`state.${filter}`);
        return make("label", { class: "chip" }, input, make("span", {}, said));
      }),
    );

  const shelves = () => {
    const places = app.stock === null ? [] : app.stock.shelves;
    if (!places.some(([place]) => place === wanted.place)) wanted.place = "";
    if (places.length < 2) return null;
    const select = make("select", { id: "place" });
    select.append(make("option", { value: "" }, app.texts.say("centre.list.everywhere")), ...places.map(([each, count]) => make("option", { value: each }, `${printable(each, Infinity)} (${count})`)));
    select.value = wanted.place;
    select.addEventListener("change", () => {
      wanted.place = select.value;
      drawResults();
    });
    return make("div", { class: "search" }, make("label", { for: "place" }, app.texts.say("pc.list.path")), select);
  };

  const gone = () => [...app.gone].map((place) => notice("warn", make("p", {}, app.texts.say("centre.list.gone")), make("p", { class: "path" }, printable(place, Infinity))));

  let isReading = false;
  const again = async () => {
    if (isReading) return;
    isReading = true;
    app.draw();
    await app.reload();
    isReading = false;
    app.draw();
  };
  const refresh = () => (isReading ? busy(app.texts) : button(app.texts.say("centre.list.again"), () => void again(), "text small"));

  return {
    key: "",
    isWide: true,
    left: () => watching !== null && watching.disconnect(),
    screen: () => {
      const { texts } = app;
      const where = shelves();
      drawResults();
      return {
        title: texts.say("centre.list.title"),
        body: [...gone(), search(), where, filters(), make("div", { class: "found" }, count, every, refresh()), results, bar],
      };
    },
  };
}

/** What is ticked and there. @param {App} app @returns {string[]} */
const chosenPaths = ({ chosen, stock }) => (stock === null ? [] : stock.all.flatMap(({ path }) => (chosen.has(path) ? [path] : [])));

/** Why one is folded away. @param {App} app @param {Certificate} each */
export function why({ texts }, each) {
  const kind = foldedAs(each);
  if (kind === null) return null;
  const error = each.error === null ? "" : [`centre.error.${each.error}`, `error.${each.error}`].find((key) => texts.has(key)) || "";
  const said =
    kind === "broken" ? (error === "" ? texts.say("state.broken") : texts.say(error, { path: each.path }))
    : texts.say(`centre.list.${kind}`);
  // A path stays whole, which a value in a sentence does not.
  return make("div", { class: "why" }, said, kind === "duplicate" && make("p", { class: "path" }, printable(each.same_as || "", Infinity)));
}
