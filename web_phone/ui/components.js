// The components that screens are put together from.

import { printable } from "../core/safe_text.js";
import { ownerName } from "../pki/naming.js";
import { daysLeft, lastDay } from "../pki/validity.js";
import { make } from "./dom.js";
import { icon } from "./drawings.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {"plain" | "warn" | "bad" | "good"} Tone */

/**
 * A sentence whose foreign values are set apart: in bold, with a direction of their own.
 * @param {Texts} texts
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function sentence(texts, key, values = {}) {
  return texts
    .parts(key, values)
    .map(({ text, isValue }) => (isValue ? make("bdi", { class: "foreign" }, text) : text));
}

/** @param {Texts} texts @param {string} key @param {Record<string, string | number>} [values] */
export const paragraph = (texts, key, values) => make("p", {}, ...sentence(texts, key, values));

/** @param {Texts} texts @param {string} key @param {Record<string, string | number>} [values] */
export const quiet = (texts, key, values) => make("p", { class: "quiet" }, ...sentence(texts, key, values));

/** @param {Tone} tone @param {...Child} children */
export const notice = (tone, ...children) => make("div", { class: `notice ${tone}` }, ...children);

/** A line that something is well. @param {string} text */
export const wellDone = (text) => make("p", { class: "well", role: "status" }, icon("tick"), text);

/**
 * @param {string} text
 * @param {() => void} act
 * @param {"main" | "main danger" | "text" | "text small" | ""} [look]
 */
export const button = (text, act, look = "") => make("button", { type: "button", class: look, onclick: act }, text);

/** The button that ends without doing anything. @param {Texts} texts @param {() => void} act */
export const cancelButton = (texts, act) => button(texts.say("page.cancel"), act, "text");

/**
 * More, for who wants it.
 * @param {string} id
 * @param {string} summary
 * @param {...Child} children
 */
export const disclosure = (id, summary, ...children) =>
  make("details", { id }, make("summary", {}, summary), ...children);

/** @param {string[]} steps what to do, one after the other */
export const stepList = (steps) => make("ol", { class: "to-do" }, ...steps.map((text) => make("li", {}, text)));

/**
 * From which device to which, as a picture and, for a screen reader, as a sentence.
 * @param {{device: "phone" | "pc", name: string}} from
 * @param {{device: "phone" | "pc", name: string}} to
 * @param {string} said
 */
export const route = (from, to, said) =>
  make(
    "p",
    { class: "route" },
    make("span", { class: "visually-hidden" }, said),
    make("span", { class: "route-end", "aria-hidden": "true" }, icon(from.device), make("bdi", {}, printable(from.name))),
    icon("arrow"),
    make("span", { class: "route-end", "aria-hidden": "true" }, icon(to.device), make("bdi", {}, printable(to.name))),
  );

/**
 * @typedef {object} CardFields one certificate as a card shows it; its texts are a stranger's
 * @property {string} id for what is open; unlike every other on the screen
 * @property {string | null} cn null where the file is encrypted and tells nothing of itself
 * @property {string} files which files they are
 * @property {string} [use] what it is for
 * @property {string} [issuer]
 * @property {string} [serial]
 * @property {number | null} [notAfter] milliseconds since 1970
 * @property {string} [state]
 * @property {string} [file] the file's name, where it says something
 * @property {Child} [act] a button among what is shown on demand
 */

/**
 * One certificate: whose, by whom, until when; the rest on demand.
 * @param {Texts} texts
 * @param {CardFields} fields
 * @param {number} today milliseconds since 1970
 * @param {...Child} more
 */
export function certificateCard(texts, fields, today, ...more) {
  const { id, cn, files, use = "", issuer = "?", serial = "?", notAfter = null, state = "unknown", file = "", act = null } = fields;
  if (cn === null) {
    const name = file === "" ? files : file;
    return card(head(name, null), make("p", { class: "quiet" }, texts.say("page.item.sealed")), ...more, act);
  }
  const left = notAfter === null ? null : daysLeft(notAfter, today);
  return card(
    head(ownerName(cn), badge(texts, state, left)),
    use !== "" && make("p", { class: "facts" }, use),
    make("p", { class: "facts" }, ...sentence(texts, "page.item.issued_by", { issuer })),
    notAfter !== null &&
      make("p", { class: "facts" }, ...sentence(texts, "page.item.last_day", { day: lastDay(notAfter) })),
    disclosure(
      `more-${id}`,
      texts.say("page.more"),
      make(
        "dl",
        {},
        row(texts, "page.item.cn", cn),
        row(texts, "page.item.kind", files),
        row(texts, "page.item.issuer", issuer),
        row(texts, "page.item.serial", serial),
        file !== "" && row(texts, "page.item.file", file),
      ),
      act,
    ),
    ...more,
  );
}

/** @param {...Child} children */
export const card = (...children) => make("section", { class: "card" }, ...children);

/** The first line of a card. @param {string} name @param {Child} mark */
export const head = (name, mark) =>
  make("div", { class: "card-head" }, make("h2", {}, make("bdi", { class: "foreign" }, printable(name))), mark);

/** @type {Record<string, Tone>} */
const STATE_TONES = { valid: "good", expiring: "warn", expired: "bad", not_yet: "warn", unknown: "plain" };

/** @param {Texts} texts @param {string} state @param {number | null} left days */
function badge(texts, state, left) {
  const text = state === "expiring" && left !== null ? dayCount(texts, left) : texts.say(`state.${state}`);
  return make("span", { class: `badge ${STATE_TONES[state] || "plain"}` }, text);
}

/** @param {Texts} texts @param {number} left */
const dayCount = (texts, left) =>
  left <= 0 ? texts.say("page.item.today") : texts.say("page.item.days_left", { days: left });

/** One fact of a list. @param {Texts} texts @param {string} key @param {string} value */
export const row = (texts, key, value) =>
  make(
    "div",
    { class: "row" },
    make("dt", {}, texts.say(key)),
    make("dd", {}, make("bdi", {}, printable(value))),
  );

/** The number to be typed on the other device, read out digit by digit. @param {string} number */
export const bigNumber = (number) =>
  make(
    "p",
    { class: "big-number" },
    make("span", { "aria-hidden": "true" }, `${number.slice(0, 3)} ${number.slice(3)}`),
    make("span", { class: "visually-hidden" }, [...number].join(" ")),
  );

/** A check box with its label. @param {string} text @param {boolean} isOn @param {(isOn: boolean) => void} act */
export function check(text, isOn, act) {
  const input = make("input", { type: "checkbox", checked: isOn });
  input.addEventListener("change", () => act(input.checked));
  return make("label", { class: "check" }, input, text);
}
