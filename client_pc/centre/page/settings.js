// 설정: the settings in force, where each comes from, and what can be changed here.

import { printable } from "../../../web_phone/core/safe_text.js";
import { button, check, notice, quiet } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { busy, fault, heading } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Fault} Fault */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */
/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */

/** What the page does not change: where certificates lie, and whose relay carries them. */
const FIXED = ["relay", "access_key_file", "store"];
/** What stands first; what is not named here comes behind. */
const FIRST = ["letters", "language", "name"];

/** @param {App} app @returns {View} */
export function settings(app) {
  /** @type {TaskEvent[]} */
  let rows = [];
  /** The settings file; null where none is used. @type {TaskEvent | null} */
  let file = null;
  /** Why the settings cannot be used. @type {Fault | null} */
  let unusable = null;
  let isRead = false;
  /** What stands in a field and is not saved, by the setting's name. @type {Map<string, string>} */
  const typed = new Map();
  /** Why a value was not taken. @type {Map<string, Fault>} */
  const wrong = new Map();
  /** The setting that was saved last. */
  let saved = "";
  let queue = Promise.resolve();

  const read = async () => {
    const task = await app.start("config");
    await task.ended;
    app.tasks.delete(task.number);
    rows = task.of("setting");
    file = task.last("file") || null;
    unusable = task.fault;
    isRead = true;
  };
  /** One after the other: they write the same file. @param {string} key @param {string | null} value null takes it out of the file */
  const set = (key, value) => {
    queue = queue.then(async () => {
      const task = await app.start("config", value === null ? ["unset", key] : ["set", key, value]);
      await task.ended;
      app.tasks.delete(task.number);
      if (task.fault === null) {
        typed.delete(key);
        wrong.delete(key);
        saved = key;
        await read();
        follow(key);
      } else {
        saved = "";
        wrong.set(key, task.fault);
      }
      app.draw();
    });
  };
  /** What shows at once. @param {string} key */
  const follow = (key) => {
    const row = rows.find((each) => each["key"] === key);
    if (row !== undefined && key === "language") app.speak(String(row["value"]));
    if (row !== undefined && key === "letters") app.enlarge(Number(row["value"]));
  };

  /** @param {TaskEvent} row @returns {Child} */
  const setting = (row) => {
    const { texts } = app;
    const key = String(row["key"]);
    const error = wrong.get(key);
    const isFixed = file === null || row["origin"] === row["variable"];
    const said = saved === key ? texts.say("centre.setting.saved") : origin(texts, row);
    return make(
      "div",
      { class: "setting" },
      isFixed ? fact(texts, row) : control(row),
      error !== undefined && make("div", { role: "alert", id: `${idOf(key)}-error` }, notice("bad", make("p", {}, reasonOf(texts, row, error)))),
      make(
        "p",
        { class: "quiet", role: saved === key ? "status" : false },
        said,
        !isFixed && row["origin"] !== "default" && button(texts.say("centre.setting.unset"), () => set(key, null), "text small"),
      ),
    );
  };

  /** @param {TaskEvent} row */
  const control = (row) => {
    const key = String(row["key"]);
    const label = labelOf(app.texts, key);
    const value = row["value"];
    if (typeof value === "boolean") return check(label, value, (isOn) => set(key, String(isOn)));
    if (row["choices"].length > 0) return choice(app.texts, row, (picked) => set(key, picked));
    return line(row, label);
  };

  /** @param {TaskEvent} row @param {string} label */
  const line = (row, label) => {
    const key = String(row["key"]);
    const [least = 0, most = 0] = /** @type {number[]} */ (row["range"]);
    const isNumber = most > 0;
    const input = make("input", {
      id: idOf(key),
      type: "text",
      inputmode: isNumber ? "numeric" : "text",
      maxlength: isNumber ? "4" : "64",
      autocomplete: "off",
      spellcheck: "false",
      "aria-invalid": wrong.has(key) ? "true" : false,
      "aria-describedby": wrong.has(key) ? `${idOf(key)}-error` : false,
    });
    input.value = typed.get(key) ?? String(row["value"]);
    input.addEventListener("input", () => typed.set(key, input.value));
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      set(key, input.value.trim());
    };
    const name = isNumber ? `${label} (${least}–${most})` : label;
    return make(
      "form",
      { class: "with-button", autocomplete: "off", onsubmit: submit },
      make("label", { for: input.id }, name),
      input,
      make("button", { type: "submit", "aria-label": `${label}: ${app.texts.say("centre.setting.save")}` }, app.texts.say("centre.setting.save")),
    );
  };

  void read().then(() => app.draw());
  return {
    key: "",
    isWide: true,
    screen: () => {
      const { texts } = app;
      const title = texts.say("centre.menu.settings");
      if (!isRead) return { title, body: [busy(texts)] };
      const own = rows.filter(({ key }) => !FIXED.includes(String(key)));
      const place = (/** @type {TaskEvent} */ { key }) => (FIRST.includes(String(key)) ? FIRST.indexOf(String(key)) : FIRST.length);
      const again = () => void read().then(() => app.draw());
      return {
        title,
        body: [
          ...(unusable === null ? [] : [...fault(texts, unusable), button(texts.say("centre.again"), again)]),
          ...(unusable === null ? own.sort((one, other) => place(one) - place(other)).map(setting) : []),
          ...(unusable === null ? [heading(texts.say("centre.setting.fixed")), quiet(texts, "centre.setting.fixed.text"), ...rows.filter(({ key }) => FIXED.includes(String(key))).map((row) => make("div", { class: "setting" }, fact(texts, row), make("p", { class: "quiet" }, origin(texts, row))))] : []),
          ...(file === null ? [quiet(texts, "centre.setting.no_file")] : fileOf(app, file)),
        ],
      };
    },
  };
}

/** @param {string} key */
const idOf = (key) => `setting-${key.replace(".", "-")}`;

/** @param {Texts} texts @param {string} key */
const labelOf = (texts, key) => texts.say(`centre.setting.${key.replace("timeouts.", "")}`);

/** What cannot be changed here, with its value. @param {Texts} texts @param {TaskEvent} row */
const fact = (texts, row) => make("dl", { class: "all-facts" }, make("div", { class: "row" }, make("dt", {}, labelOf(texts, String(row["key"]))), make("dd", {}, make("bdi", {}, valueOf(texts, row)))));

/** @param {Texts} texts @param {TaskEvent} row */
function valueOf(texts, { key, value, origin: from }) {
  const word = `centre.setting.${key}.${value}`;
  if (value === null || (key === "access_key_file" && from === "default")) return texts.say("centre.setting.none");
  if (typeof value === "boolean") return texts.say(value ? "centre.yes" : "centre.no");
  return texts.has(word) ? texts.say(word) : printable(String(value), Infinity);
}

/** One of a few words. @param {Texts} texts @param {TaskEvent} row @param {(picked: string) => void} act */
function choice(texts, row, act) {
  const key = String(row["key"]);
  return make(
    "fieldset",
    { class: "filters" },
    make("legend", {}, labelOf(texts, key)),
    .../** @type {string[]} */ (row["choices"]).map((each) => {
      const input = make("input", { type: "radio", name: idOf(key), id: `${idOf(key)}-${each}`, value: each });
      input.checked = String(row["value"]) === each;
      input.addEventListener("change", () => act(each));
      return make("label", { class: "chip" }, input, make("span", {}, valueOf(texts, { ...row, value: each })));
    }),
  );
}

/** Where a value comes from. @param {Texts} texts @param {TaskEvent} row */
function origin(texts, { origin: from, variable }) {
  if (from === variable) return texts.say("centre.setting.origin.variable", { variable: String(variable) });
  return texts.say(from === "default" ? "centre.setting.origin.default" : "centre.setting.origin.file");
}

/** Why a value was not taken. @param {Texts} texts @param {TaskEvent} row @param {Fault} found */
function reasonOf(texts, row, { code, text }) {
  const key = String(row["key"]);
  const [least = 0, most = 0] = /** @type {number[]} */ (row["range"]);
  const isBad = code === "bad_value" || code === "not_started";
  if (isBad && texts.has(`centre.setting.${key}.bad`)) return texts.say(`centre.setting.${key}.bad`);
  if (isBad && most > 0) return texts.say("centre.setting.range", { least, most });
  return text === "" ? texts.say("centre.setting.bad") : printable(text.split("\n").join(" "), Infinity);
}

/** @param {App} app @param {TaskEvent} file */
const fileOf = (app, file) => [
  quiet(app.texts, file["exists"] === true ? "centre.setting.file" : "centre.setting.file.new"),
  make("p", { class: "path" }, printable(String(file["path"]), Infinity)),
  file["exists"] === true && button(app.texts.say("centre.open_folder"), () => void app.talk.open(String(file["path"])).catch(() => undefined), "text small"),
];
