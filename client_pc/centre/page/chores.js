// 비밀번호 변경 · 변환 · 검증 · 삭제: what is done with a certificate, each as one errand.

import { button, check, disclosure, paragraph, quiet, wellDone } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { make } from "../../../web_phone/ui/dom.js";
import { headOf } from "./certificate.js";
import { errand } from "./errand.js";
import { fileName, Stock } from "./model.js";
import { filePlace } from "./picking.js";
import { heading, nameOf, told } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./model.js").Certificate} Certificate */
/** @typedef {import("./picking.js").Picked} Picked */

/** @param {Certificate} each */
const placeOf = (each) => `certificate/${Stock.address(each)}`;

/** A path as text. @param {string} path */
const pathLine = (path) => make("p", { class: "path" }, printable(path, Infinity));

/** @param {App} app @param {Certificate} each @returns {View} */
export const changePassword = (app, each) =>
  errand(app, {
    command: "passwd",
    title: () => app.texts.say("centre.password"),
    about: () => [headOf(app, each)],
    given: [each.path],
    result: () => {
      const old = app.outdated.find(({ event, fingerprint }) => event === "password_changed_since" && fingerprint === each.fingerprint);
      const others = old === undefined ? paragraph(app.texts, "centre.password.others") : paragraph(app.texts, "centre.password.devices", { devices: old["devices"].join(", ") });
      return [wellDone(app.texts.say("centre.password.done")), others, ...sameElsewhere(app, [each])];
    },
    back: placeOf(each),
  });

/** Other copies of these on this PC, which keep what they have. @param {App} app @param {Certificate[]} all */
function sameElsewhere({ stock, texts }, all) {
  const own = new Set(all.map(({ path }) => path));
  const others = stock === null ? [] : all.flatMap((each) => stock.copies(each)).filter(({ path }) => !own.has(path));
  const paths = [...new Set(others.map(({ path }) => path))];
  return paths.length === 0 ? [] : [quiet(texts, "centre.copies", { count: paths.length }), make("ul", { class: "paths" }, ...paths.map((path) => make("li", { class: "path" }, printable(path, Infinity))))];
}

/** @param {App} app @param {Certificate} each @returns {View} */
export const unlock = (app, each) =>
  errand(app, {
    command: "unlock",
    title: () => app.texts.say("centre.unlock"),
    about: () => [headOf(app, each)],
    given: [each.path],
    result: () => [wellDone(app.texts.say("centre.unlock.done"))],
    back: placeOf(each),
  });

/** @param {App} app @param {Certificate[]} all @returns {View} */
export function convert(app, all) {
  const [first] = /** @type {[Certificate]} */ (all);
  const to = all.every(({ kind }) => kind === "pkcs12") ? "npki" : "p12";
  // What is of the kind already is left as it is.
  const fitting = all.filter(({ kind }) => (kind === "pkcs12") === (to === "npki"));
  const wish = { isModern: false, hasKm: true, isNew: false };
  return errand(app, {
    command: "convert",
    title: () => app.texts.say(`centre.convert.${to}`),
    about: () => (all.length === 1 ? [headOf(app, first)] : [owners(app, fitting)]),
    first: (begin) => {
      const { texts } = app;
      const go = () =>
        begin([
          ...fitting.map(({ path }) => path),
          ...["--to", to],
          ...(to === "p12" && wish.isModern ? ["--style", "modern"] : []),
          ...(to === "p12" && !wish.hasKm ? ["--km", "without"] : []),
          ...(wish.isNew ? ["--new-password"] : []),
        ]);
      return {
        title: texts.say(`centre.convert.${to}`),
        body: [
          paragraph(texts, `centre.convert.${to}.text`),
          all.length > 1 && quiet(texts, "centre.several.password"),
          to === "p12" && check(texts.say("centre.convert.km"), wish.hasKm, (isOn) => (wish.hasKm = isOn)),
          to === "p12" && check(texts.say("centre.convert.modern"), wish.isModern, (isOn) => (wish.isModern = isOn)),
          to === "p12" && quiet(texts, "centre.convert.modern.text"),
          check(texts.say("centre.convert.new"), wish.isNew, (isOn) => (wish.isNew = isOn)),
        ],
        actions: [button(texts.say("centre.convert.go"), go, "main")],
      };
    },
    progress: (task) => (all.length === 1 ? null : [results(app, task)]),
    partly: (task) => [results(app, task)],
    result: (task) => {
      const saved = task.of("saved");
      return [
        ...saved.flatMap(({ status, path }) => [wellDone(app.texts.say(`centre.saved.${status}`)), pathLine(path)]),
        ...saved.slice(0, 1).map(({ path }) => button(app.texts.say("centre.open_folder"), () => void app.talk.open(path).catch(() => undefined))),
        ...task.of("note").map(({ text }) => make("p", { class: "quiet" }, printable(String(text || ""), Infinity))),
        all.length > 1 && results(app, task),
      ];
    },
    back: all.length === 1 ? placeOf(first) : "list",
  });
}

/** 보내는 형식: as they are, or each as a .p12 file. @param {App} app @param {Certificate[]} all @returns {View} */
export function send(app, all) {
  const [first] = /** @type {[Certificate]} */ (all);
  const wish = { isFile: true, isModern: false, hasKm: true };
  const go = () => {
    const as = wish.isFile ? ["--as", "p12", ...(wish.isModern ? ["--style", "modern"] : []), ...(wish.hasKm ? [] : ["--km", "without"])] : [];
    void app.beginCopy("export", [...all.map(({ path }) => path), ...as]);
  };
  return {
    key: "",
    screen: () => {
      const { texts } = app;
      const form = (/** @type {boolean} */ isFile) => {
        const input = make("input", { type: "radio", name: "form", id: isFile ? "form-p12" : "form-npki" });
        input.checked = wish.isFile === isFile;
        input.addEventListener("change", () => {
          wish.isFile = isFile;
          app.draw();
        });
        return make("label", { class: "chip" }, input, make("span", {}, texts.say(isFile ? "centre.send.p12" : "centre.send.as_is")));
      };
      return {
        title: texts.say("centre.send.form"),
        body: [
          all.length === 1 ? headOf(app, first) : owners(app, all),
          make("fieldset", { class: "filters" }, make("legend", {}, texts.say("centre.send.which")), form(true), form(false)),
          quiet(texts, wish.isFile ? "centre.send.p12.text" : "centre.send.as_is.text"),
          wish.isFile && check(texts.say("centre.convert.km"), wish.hasKm, (isOn) => (wish.hasKm = isOn)),
          wish.isFile && check(texts.say("centre.convert.modern"), wish.isModern, (isOn) => (wish.isModern = isOn)),
          wish.isFile && quiet(texts, "centre.convert.modern.text"),
        ],
        actions: [button(texts.say("centre.door.export"), go, "main"), button(texts.say("centre.back"), () => app.go(all.length === 1 ? placeOf(first) : "list"), "text")],
      };
    },
  };
}

/** Whose they are, a few by name. @param {App} app @param {Certificate[]} all */
function owners({ texts }, all) {
  const [first] = all;
  return first === undefined ? null : told(texts, "centre.several", { owner: nameOf(first), count: all.length }, "plain");
}

/** What became of each of several. @param {App} app @param {Task} task */
function results({ texts, stock }, task) {
  const found = task.of("result");
  const of = (/** @type {string} */ path) => (stock === null ? undefined : stock.all.find((each) => each.path === path));
  return make(
    "ul",
    { class: "findings" },
    ...found.map(({ path, status, code }) => {
      const each = of(path);
      const mark = status === "failed" ? "fails" : status === "done" ? "holds" : "skipped";
      const reason = code === null || !texts.has(`error.${code}`) ? texts.say(`centre.result.${status}`) : texts.say(`error.${code}`);
      return finding(texts, mark, each === undefined ? fileName(path) : nameOf(each), reason);
    }),
  );
}

/** @type {Record<string, string>} */
const MARKS = { holds: "✓", fails: "✗", skipped: "–", unknown: "–" };

/** A line with its mark. @param {import("../../../web_phone/ui/texts.js").Texts} texts @param {string} answer @param {string} what @param {string} more @param {string} [todo] */
const finding = (texts, answer, what, more, todo = "") =>
  make(
    "li",
    { class: `finding ${answer}` },
    make("span", { class: "mark", "aria-hidden": "true" }, MARKS[answer] || "–"),
    make(
      "span",
      {},
      make("span", { class: "finding-what" }, make("bdi", {}, printable(what))),
      make("span", { class: "visually-hidden" }, ` ${texts.say(`answer.${answer}`)}`),
      more !== "" && make("span", { class: "finding-more" }, printable(more, Infinity)),
      todo !== "" && make("span", { class: "finding-todo" }, todo),
    ),
  );

/** @param {App} app @param {Certificate} each @returns {View} */
export function verify(app, each) {
  const wish = { isOnline: false, hasNumber: false };
  /** @type {Picked[]} */
  const authorities = [];
  /** @type {Picked[]} */
  const revoked = [];
  let isRefused = false;
  /** Hand files over, each by itself. @param {string} option @param {Picked[]} files */
  const handed = async (option, files) => {
    const given = [];
    for (const file of files) given.push(option, await app.talk.upload([file]));
    return given;
  };
  const lines = (/** @type {Task} */ task) =>
    make(
      "ul",
      { class: "findings" },
      ...task.of("finding").map(({ question, answer, reason }) => finding(app.texts, answer, app.texts.say(`verify.${question}`), reasonOf(app, question, reason), todoOf(app, question, answer, reason))),
    );
  return errand(app, {
    command: "verify",
    title: () => app.texts.say("centre.verify"),
    about: () => [headOf(app, each)],
    first: (begin) => {
      const { texts } = app;
      const go = async () => {
        try {
          const files = [...(await handed("--ca", authorities)), ...(await handed("--crl", revoked))];
          begin([each.path, ...(wish.hasNumber ? ["--idn"] : []), ...(wish.isOnline ? ["--online"] : []), ...files]);
        } catch {
          isRefused = true;
          app.draw();
        }
      };
      return {
        title: texts.say("centre.verify"),
        body: [
          paragraph(texts, "centre.verify.text"),
          check(texts.say("centre.verify.idn"), wish.hasNumber, (isOn) => (wish.hasNumber = isOn)),
          check(texts.say("centre.verify.online"), wish.isOnline, (isOn) => (wish.isOnline = isOn)),
          quiet(texts, "centre.verify.online.text"),
          disclosure(
            "verify-files",
            texts.say("centre.verify.files"),
            filePlace(app, "verify-ca", "centre.verify.ca", authorities, false),
            filePlace(app, "verify-crl", "centre.verify.crl", revoked, true),
          ),
          isRefused && told(texts, "centre.files.refused", {}, "bad"),
        ],
        actions: [button(texts.say("centre.verify.go"), () => void go(), "main")],
      };
    },
    result: (task) => [wellDone(app.texts.say("pc.verify.holds")), lines(task)],
    partly: (task) => [lines(task)],
    back: placeOf(each),
    isSame: true,
  });
}

/** @param {App} app @param {string} question @param {string} reason */
function reasonOf({ texts }, question, reason) {
  if (reason === "" || reason === "valid") return "";
  const keys = [`centre.reason.${reason}`, `reason.${question}.${reason}`, `reason.${reason}`, `state.${reason}`, `error.${reason}`];
  const found = keys.find((key) => texts.has(key));
  return found === undefined ? reason : texts.say(found);
}

/** What to do about it. @param {App} app @param {string} question @param {string} answer @param {string} reason */
function todoOf({ texts }, question, answer, reason) {
  if (answer === "holds") return "";
  const found = [`centre.todo.${reason}`, `centre.todo.${question}`].find((key) => texts.has(key));
  return found === undefined ? "" : texts.say(found);
}

/** @param {App} app @param {Certificate[]} all @returns {View} */
export function remove(app, all) {
  const [first] = /** @type {[Certificate]} */ (all);
  return errand(app, {
    command: "delete",
    title: () => app.texts.say("centre.delete.title"),
    about: () => (all.length === 1 ? [headOf(app, first)] : [owners(app, all)]),
    given: all.map(({ path }) => path),
    asks: (asking, answer) => {
      if (asking.event !== "delete_wanted") return null;
      const { texts } = app;
      const files = /** @type {string[]} */ (asking["files"]);
      return {
        title: texts.say("centre.delete.title"),
        body: [
          ...(all.length === 1 ? [headOf(app, first)] : [owners(app, all)]),
          told(texts, "centre.delete.text", {}, "warn"),
          heading(texts.say("centre.delete.files")),
          ...(all.length === 1
            ? [pathLine(String(asking["path"])), make("ul", { class: "paths" }, ...files.map((name) => make("li", { class: "path" }, printable(fileName(name), Infinity))))]
            : [make("ul", { class: "paths" }, ...all.map(({ path }) => make("li", { class: "path" }, printable(path, Infinity))))]),
          ...sameElsewhere(app, all),
          quiet(texts, "centre.delete.devices"),
        ],
        actions: [button(texts.say("centre.delete.go"), () => answer("y"), "main danger")],
      };
    },
    result: (task) => [
      wellDone(app.texts.say("centre.delete.done", { count: task.of("deleted").length })),
      make("p", {}, make("a", { href: "#/trash" }, app.texts.say("centre.delete.trash"))),
    ],
    back: "list",
  });
}

