// Browsers inside apps: the page opened by a link in a chat, or by an app's own QR reader.
//
// They open no downloads and often no file picker, and close with the app.  They are noticed
// before the code is used, so that it can still be opened in the phone's own browser.
//
// Source: the user agents that the apps send; Android's "; wv" for any other WebView.

/**
 * @typedef {object} InApp
 * @property {string} app "kakaotalk", "naver", "daum", "line", "instagram", "facebook", "tiktok",
 *   or "webview" for an app that does not say its name
 * @property {"android" | "ios" | "other"} system
 */

const APPS = /** @type {[RegExp, string][]} */ ([
  [/KAKAO(TALK|STORY)/i, "kakaotalk"],
  [/NAVER\(inapp|NAVER\//i, "naver"],
  [/DaumApps/i, "daum"],
  [/\bLine\//, "line"],
  [/Instagram/, "instagram"],
  [/\bFB(AN|AV|_IAB|IOS)\b|\[FB/, "facebook"],
  [/musical_ly|Bytedance|trill_|TikTok/i, "tiktok"],
]);
const ANDROID_WEBVIEW = /Android.*; wv\)/;
/** Every browser of iOS says Safari, a bare WebView does not. */
const IOS_WEBVIEW = /\((iPhone|iPad|iPod)[^)]*\) AppleWebKit\/(?!.*Safari\/)/;
/** What LINE reads from an address, and takes for "open it outside". */
const LINE_OUTSIDE = "openExternalBrowser=1";

/** The app that this browser is inside; null for the phone's own browser. @param {string} agent @returns {InApp | null} */
export function inAppOf(agent) {
  const system = agent.includes("Android") ? "android" : /iPhone|iPad|iPod/.test(agent) ? "ios" : "other";
  const named = APPS.find(([mark]) => mark.test(agent));
  if (named !== undefined) return { app: named[1], system };
  return ANDROID_WEBVIEW.test(agent) || IOS_WEBVIEW.test(agent) ? { app: "webview", system } : null;
}

/**
 * A link that opens the phone's own browser; null where only the app's menu does.
 * @param {InApp} inApp
 * @param {string} address the scanned one
 */
export function outsideLink({ app, system }, address) {
  const [place, fragment] = address.split("#");
  if (app === "kakaotalk") return `kakaotalk://web/openExternal?url=${encodeURIComponent(address)}`;
  if (app === "line") return `${place}?${LINE_OUTSIDE}#${fragment}`;
  if (system !== "android") return null;
  // Android takes all before the last "#" as the address, so its own fragment stays in it.
  const scheme = place.startsWith("https:") ? "https" : "http";
  const intent = `scheme=${scheme};action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end`;
  return `intent://${place.replace(/^https?:\/\//, "")}#${fragment}#Intent;${intent}`;
}

/** The scanned address, without what LINE was told by it. @param {string} address */
export const withoutMark = (address) => address.replace(`/?${LINE_OUTSIDE}#`, "/#");
