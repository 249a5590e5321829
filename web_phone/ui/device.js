// What the page tells of this device: a name to recognise it by, and its system's version.
//
// The page is a client of its own: platform "web", releases W.

/** @typedef {import("../core/hello.js").Hello} Hello */

/** This page's release. */
export const RELEASE = "W1.0";
const APP = "certrelay-page";

/** @returns {Promise<Hello>} */
export async function describeDevice() {
  const agent = navigator.userAgent;
  const hints = await highEntropyHints();
  return {
    name: deviceName(agent, hints.model),
    platform: "web",
    app: APP,
    app_version: RELEASE,
    os_version: osVersion(agent, hints.platformVersion),
  };
}

/** Newer browsers hide model and version from the user agent, and tell them when asked. */
async function highEntropyHints() {
  const data = /** @type {any} */ (navigator).userAgentData;
  const none = { model: "", platformVersion: "" };
  if (data === undefined) return none;
  try {
    return { ...none, ...(await data.getHighEntropyValues(["model", "platformVersion"])) };
  } catch {
    return none;
  }
}

/** @param {string} agent @param {string} [model] */
export function deviceName(agent, model) {
  const told = model || (/Android [0-9.]+; ([^;)]+?)(?: Build|\))/.exec(agent) || [])[1];
  const kinds = ["iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux"];
  const kind = kinds.find((each) => agent.includes(each)) || "Web";
  const shown = told !== undefined && told.length > 1 ? told : kind;
  return `${shown} · ${browserName(agent)}`;
}

/** @param {string} agent */
function browserName(agent) {
  const marks = [
    ["SamsungBrowser", "Samsung Internet"],
    ["KAKAOTALK", "KakaoTalk"],
    ["NAVER", "Naver"],
    ["EdgA", "Edge"],
    ["Edg", "Edge"],
    ["Firefox", "Firefox"],
    ["FxiOS", "Firefox"],
    ["CriOS", "Chrome"],
    ["Chrome", "Chrome"],
    ["Safari", "Safari"],
  ];
  const found = marks.find(([mark]) => agent.includes(mark));
  return found === undefined ? "Web" : found[1];
}

/** The operating system's version in the protocol's grammar; "0" where it is hidden. @param {string} agent @param {string} [hint] */
export function osVersion(agent, hint = "") {
  const told =
    (/^[0-9.]+$/.test(hint) && hint) ||
    (/Android ([0-9.]+)/.exec(agent) || [])[1] ||
    (/OS ([0-9_]+) like Mac OS X/.exec(agent) || [])[1] ||
    (/Mac OS X ([0-9_.]+)/.exec(agent) || [])[1] ||
    (/Windows NT ([0-9.]+)/.exec(agent) || [])[1] ||
    "0";
  const parts = told.replace(/_/g, ".").split(".").filter((part) => /^[0-9]{1,5}$/.test(part));
  return parts.slice(0, 4).join(".") || "0";
}
