// 휴지통: what was deleted, and can be put back.

import { button, quiet, wellDone } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { ownerName } from "../../../web_phone/pki/naming.js";
import { make } from "../../../web_phone/ui/dom.js";
import { errand } from "./errand.js";
import { momentOf, told } from "./parts.js";
import { reading } from "./reading.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */

/** @param {App} app @returns {View} */
export const trash = (app) =>
  reading(app, "trash", "centre.menu.trash", (task) => {
    const { texts } = app;
    const found = task.of("trashed");
    if (found.length === 0) return [make("p", {}, texts.say("pc.trash.none")), quiet(texts, "centre.trash.text")];
    return [
      quiet(texts, "centre.trash.text"),
      make(
        "ul",
        { class: "lines" },
        ...found.map((each, at) =>
          make(
            "li",
            { class: "card" },
            make("p", { class: "line-name" }, make("bdi", {}, printable(ownerName(String(each["owner"]))))),
            make("p", { class: "facts" }, texts.say("centre.trash.when", { at: momentOf(texts, String(each["deleted_at"])) })),
            make("p", { class: "path" }, printable(String(each["path"]), Infinity)),
            button(texts.say("centre.trash.restore"), () => {
              restoring = String(each["path"]);
              app.go(`trash/restore/${at + 1}`);
            }),
          ),
        ),
      ),
      button(texts.say("centre.trash.empty"), () => app.go("trash/empty"), "text small"),
    ];
  }, { given: ["--all-places"] });

/** What is put back: a path does not belong into an address. */
let restoring = "";

/** @param {App} app @param {string} _at @returns {View} */
export const restore = (app, _at) =>
  restoring === ""
    ? trash(app)
    : errand(app, {
        command: "restore",
        title: () => app.texts.say("centre.trash.restore"),
        about: () => [make("p", { class: "path" }, printable(restoring, Infinity))],
        given: [restoring, "--all-places"],
        result: () => [wellDone(app.texts.say("centre.trash.restored"))],
        back: "trash",
      });

/** @param {App} app @returns {View} */
export const emptyTrash = (app) =>
  errand(app, {
    command: "trash",
    title: () => app.texts.say("centre.trash.empty"),
    about: () => [],
    given: ["--empty", "--all-places"],
    asks: (asking, answer) => {
      if (asking.event !== "empty_wanted") return null;
      return {
        title: app.texts.say("centre.trash.empty"),
        body: [told(app.texts, "centre.trash.empty.text", { count: Number(asking["count"]) }, "warn")],
        actions: [button(app.texts.say("centre.trash.empty.go"), () => answer("y"), "main danger")],
      };
    },
    result: () => [wellDone(app.texts.say("pc.trash.none"))],
    back: "trash",
    isSame: true,
  });

