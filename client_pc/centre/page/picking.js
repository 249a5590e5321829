// Files that a person drops on a place of the page, or picks in it.

import { printable } from "../../../web_phone/core/safe_text.js";
import { button, quiet } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{name: string, content: Blob}} Picked */

/** Let files be dropped on a place. @param {HTMLElement} place @param {(picked: Picked[]) => void} take */
export function droppable(place, take) {
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    void dropped(event.dataTransfer).then(take);
  });
  return place;
}

/**
 * A place for a few files that something needs beside the certificate: each can be taken away again.
 * @param {App} app
 * @param {string} id
 * @param {string} key what they are
 * @param {Picked[]} files what was picked so far; changed in place
 * @param {boolean} isOne whether a second one takes the place of the first
 */
export function filePlace(app, id, key, files, isOne) {
  const { texts } = app;
  const take = (/** @type {Picked[]} */ picked) => {
    if (picked.length === 0) return;
    files.splice(0, isOne ? files.length : 0, ...(isOne ? picked.slice(0, 1) : picked));
    app.draw();
  };
  const input = make("input", { type: "file", multiple: !isOne });
  input.addEventListener("change", () => {
    const picked = Array.from(input.files || [], (file) => ({ name: file.name, content: file }));
    input.value = "";
    take(picked);
  });
  const lines = files.map((file) =>
    make(
      "li",
      {},
      make("bdi", { class: "path" }, printable(file.name)),
      button(texts.say("centre.verify.without"), () => {
        files.splice(files.indexOf(file), 1);
        app.draw();
      }, "text small"),
    ),
  );
  const place = make(
    "div",
    { class: "drop few", id },
    make("p", {}, make("strong", {}, texts.say(key))),
    quiet(texts, `${key}.text`),
    files.length > 0 && make("ul", { class: "old" }, ...lines),
    make("label", { class: "button" }, texts.say("centre.verify.pick"), input),
  );
  return droppable(place, take);
}

/** What was dropped, folders with all that is in them. @param {DataTransfer | null} data @returns {Promise<Picked[]>} */
async function dropped(data) {
  if (data === null) return [];
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return Array.from(data.files, (file) => ({ name: file.name, content: file }));
  return (await Promise.all(entries.map((entry) => filesOf(/** @type {FileSystemEntry} */ (entry))))).flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<Picked[]>} */
async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => /** @type {FileSystemFileEntry} */ (entry).file(done, fail));
    return [{ name: entry.fullPath.replace(/^\//, ""), content: /** @type {File} */ (file) }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return (await Promise.all(all.map(filesOf))).flat();
    all.push(...some);
  }
}
