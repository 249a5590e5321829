// 파일 열기: what a file, a folder or a zip holds, and into the store with it.

import { button, paragraph, quiet, wellDone } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { make } from "../../../web_phone/ui/dom.js";
import { errand } from "./errand.js";
import { isZip, readZip, ZipError } from "../../../web_phone/core/unzip.js";
import { badge, busy, fault, nameOf, told, useOf } from "./parts.js";
import { why } from "./list.js";
import { droppable } from "./picking.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./model.js").Certificate} Certificate */
/** @typedef {import("./picking.js").Picked} Picked */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */

/** @param {App} app @returns {View} */
export function files(app) {
  let turn = 0;
  let isBusy = false;
  /** @type {Certificate[] | null} */
  let found = null;
  /** @type {import("./task.js").Fault | null} */
  let wrong = null;
  /** Why the files could not be handed over: the end of a sentence's key. */
  let refused = "";
  /** @type {View | null} */
  let saving = null;

  const take = async (/** @type {Picked[]} */ picked) => {
    if (picked.length === 0 || isBusy) return;
    [isBusy, found, wrong, refused] = [true, null, null, ""];
    turn += 1;
    app.draw();
    try {
      const unpacked = await Promise.all(picked.map(unzipped));
      const name = await app.talk.upload(unpacked.flat());
      const task = await app.start("list", ["--store", name]);
      await task.ended;
      app.tasks.delete(task.number);
      found = /** @type {Certificate[]} */ (/** @type {unknown} */ (task.of("certificate")));
      wrong = found.length === 0 ? task.fault : null;
    } catch (error) {
      refused = error instanceof ZipError ? "zip" : "refused";
    }
    isBusy = false;
    turn += 1;
    app.draw();
  };

  const save = (/** @type {Certificate} */ each) => {
    saving = errand(app, {
      command: "add",
      title: () => app.texts.say("centre.files.save"),
      about: () => [told(app.texts, "centre.files.one", { owner: nameOf(each) }, "plain")],
      given: [each.path],
      result: (task) => task.of("saved").flatMap(({ status, path }) => [wellDone(app.texts.say(`centre.saved.${status}`)), make("p", { class: "path" }, printable(String(path), Infinity))]),
      back: "list",
    });
    turn += 1;
    app.draw();
  };

  const input = (/** @type {boolean} */ isFolder) => {
    const field = make("input", { type: "file", multiple: true, webkitdirectory: isFolder });
    field.addEventListener("change", () => {
      const picked = Array.from(field.files || [], (file) => ({ name: file.webkitRelativePath || file.name, content: file }));
      field.value = "";
      void take(picked);
    });
    return make("label", { class: isFolder ? "button" : "button main" }, app.texts.say(isFolder ? "page.send.pick_folder" : "page.send.pick_files"), field);
  };

  const drop = () => {
    const place = make("div", { class: "drop" }, make("p", {}, app.texts.say("centre.files.drop")), input(false), input(true));
    return droppable(place, (picked) => void take(picked));
  };

  return {
    get key() {
      return saving === null ? String(turn) : `saving ${saving.key}`;
    },
    left: () => {
      if (saving !== null && saving.left !== undefined) saving.left();
    },
    screen: () => {
      if (saving !== null) return saving.screen();
      const { texts } = app;
      const shown = found === null ? [] : found.map((each) => card(app, each, () => save(each)));
      return {
        title: texts.say("centre.menu.files"),
        body: [
          paragraph(texts, "centre.files.text"),
          isBusy ? busy(texts) : drop(),
          refused !== "" && told(texts, `centre.files.${refused}`, {}, "bad"),
          ...(wrong === null ? [] : fault(texts, wrong)),
          found !== null && found.length === 0 && wrong === null && told(texts, "centre.files.none", {}, "warn"),
          ...shown,
          quiet(texts, "centre.files.stays"),
        ],
      };
    },
  };
}

/** @param {App} app @param {Certificate} each @param {() => void} save @returns {Child} */
const card = (app, each, save) =>
  make(
    "section",
    { class: "card" },
    make("div", { class: "card-head" }, make("h2", {}, make("bdi", {}, nameOf(each))), badge(app.texts, each)),
    make("p", { class: "facts" }, useOf(app.texts, each)),
    why(app, each),
    each.error === null && button(app.texts.say("centre.files.save"), save),
  );

/** The files in a ZIP file; any other file is itself. @param {Picked} file @returns {Promise<Picked[]>} */
async function unzipped(file) {
  const bytes = new Uint8Array(await file.content.arrayBuffer());
  if (!isZip(bytes)) return [file];
  return readZip(bytes).map(({ path, read }) => ({ name: path.join("/"), content: new Blob([/** @type {BlobPart} */ (read())]) }));
}
