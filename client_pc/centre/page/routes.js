// Which screen an address shows.

import { certificate } from "./certificate.js";
import { changePassword, convert, remove, send, unlock, verify } from "./chores.js";
import { copy, otherPc } from "./copy.js";
import { files } from "./files.js";
import { health } from "./health.js";
import { help } from "./help.js";
import { home } from "./home.js";
import { phoneTest } from "./phone_test.js";
import { list } from "./list.js";
import { emptyTrash, restore, trash } from "./trash.js";
import { clearHistory, history } from "./history.js";
import { settings } from "./settings.js";
import { busy } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./model.js").Certificate} Certificate */

/** @type {Record<string, (app: App, rest: string[]) => View>} */
const PLACES = {
  "": home,
  list: (app, [first = ""]) => list(app, first),
  certificate: (app, [address = "", chore = ""]) => ofCertificate(app, address, chore),
  several: (app, [chore = ""]) => ofSeveral(app, chore),
  copy,
  pc: otherPc,
  files,
  trash: (app, [chore = "", at = ""]) => (chore === "empty" ? emptyTrash(app) : chore === "restore" ? restore(app, at) : trash(app)),
  history: (app, [chore = ""]) => (chore === "clear" ? clearHistory(app) : history(app)),
  health: (app, [chore = ""]) => (chore === "phone" ? phoneTest(app) : health(app)),
  settings,
  help: (app, [about = ""]) => help(app, about),
};

/** @type {Record<string, (app: App, each: Certificate) => View>} */
const CHORES = {
  "": certificate,
  password: changePassword,
  convert: (app, each) => convert(app, [each]),
  send: (app, each) => send(app, [each]),
  verify,
  unlock,
  delete: (app, each) => remove(app, [each]),
};

/** @param {App} app @param {string} route @returns {View} */
export function viewOf(app, route) {
  const [place = "", ...rest] = route.split("/");
  const make = Object.prototype.hasOwnProperty.call(PLACES, place) ? PLACES[place] : undefined;
  return (make || home)(app, rest);
}

/** A screen about one certificate, as soon as the list is read. @param {App} app @param {string} address @param {string} chore @returns {View} */
function ofCertificate(app, address, chore) {
  const make = CHORES[chore] || certificate;
  const find = () => (app.stock === null ? undefined : app.stock.at(address));
  const view = () => {
    const each = find();
    return each === undefined ? missing(app) : make(app, each);
  };
  // What only shows it notices that it is gone; an errand is gone on with to its own end.
  return afterwards(app, view, chore === "" ? () => find() !== undefined : undefined);
}

/** @param {App} app @param {string} chore @returns {View} */
const ofSeveral = (app, chore) =>
  afterwards(app, () => {
    const chosen = app.stock === null ? [] : app.stock.all.filter(({ path }) => app.chosen.has(path));
    if (chosen.length === 0) return missing(app);
    return chore === "delete" ? remove(app, chosen) : chore === "send" ? send(app, chosen) : convert(app, chosen);
  });

/**
 * A view that needs the list, which may still be read.
 * @param {App} app
 * @param {() => View} make
 * @param {() => boolean} [isThere] whether what it shows is in the list still
 * @returns {View}
 */
function afterwards(app, make, isThere = () => true) {
  /** @type {View | null} */
  let own = null;
  let wasThere = true;
  const found = () => {
    if (app.stock === null) return own;
    if (own === null || (wasThere && !isThere())) {
      wasThere = isThere();
      own = make();
    }
    return own;
  };
  return {
    get key() {
      const view = found();
      return view === null ? "reading" : `read ${view.key}`;
    },
    get isWide() {
      const view = found();
      return view !== null && view.isWide === true;
    },
    left: () => {
      if (own !== null && own.left !== undefined) own.left();
    },
    screen: () => {
      const view = found();
      return view === null ? { title: app.texts.say("centre.busy"), body: [busy(app.texts)] } : view.screen();
    },
  };
}

/** @param {App} app @returns {View} */
const missing = (app) => ({
  key: "missing",
  screen: () => ({ title: app.texts.say("centre.missing.title"), body: [app.texts.say("centre.missing.text")], actions: [toList(app)] }),
});

/** @param {App} app */
function toList(app) {
  const link = document.createElement("a");
  link.className = "button main";
  link.href = "#/list";
  link.textContent = app.texts.say("centre.menu.list");
  return link;
}
