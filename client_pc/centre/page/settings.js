// 설정: the settings in force, and where each comes from.

import { printable } from "../../../web_phone/core/safe_text.js";
import { quiet } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { reading } from "./reading.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */

/** What only a terminal has. */
const ELSEWHERE = ["plain"];

/** @param {App} app @returns {View} */
export const settings = (app) =>
  reading(app, "config", "centre.menu.settings", (task) => {
    const { texts } = app;
    const file = task.last("file");
    const rows = task.of("setting").filter(({ key }) => !ELSEWHERE.includes(String(key)));
    const value = (/** @type {any} */ found, /** @type {string} */ key) => {
      const word = `centre.setting.${key}.${found}`;
      if (found === null || (key === "access_key_file" && found === "(none)")) return texts.say("centre.setting.none");
      if (typeof found === "boolean") return texts.say(found ? "centre.yes" : "centre.no");
      return texts.has(word) ? texts.say(word) : printable(String(found), Infinity);
    };
    return [
      make(
        "dl",
        { class: "all-facts settings" },
        ...rows.map((each) =>
          make(
            "div",
            { class: "row" },
            make("dt", {}, texts.say(`centre.setting.${String(each["key"]).replace("timeouts.", "")}`)),
            make("dd", {}, make("bdi", {}, value(each["value"], String(each["key"])))),
          ),
        ),
      ),
      file !== undefined && quiet(texts, "centre.setting.file"),
      file !== undefined && make("p", { class: "path" }, printable(String(file["path"]), Infinity)),
    ];
  });
