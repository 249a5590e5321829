// Browsers inside apps, known by what they call themselves, and the way out of each.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inAppOf, outsideLink, withoutMark } from "../../../web_phone/ui/in_app.js";

const ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S928N Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

const APPS = [
  [`${ANDROID};KAKAOTALK 2410620`, "kakaotalk", "android"],
  [`${IPHONE} KAKAOTALK 10.8.5`, "kakaotalk", "ios"],
  [`${ANDROID} NAVER(inapp; search; 1200; 12.5.1)`, "naver", "android"],
  [`${IPHONE} NAVER(inapp; search; 2000; 12.5.2; 15PRO)`, "naver", "ios"],
  [`${ANDROID} DaumApps/7.6.2 DaumDevice/mobile`, "daum", "android"],
  [`${IPHONE} Safari Line/14.8.0`, "line", "ios"],
  [`${ANDROID} Line/14.8.1/IAB`, "line", "android"],
  [`${ANDROID} Instagram 333.0.0.42.91 Android (34/14; 480dpi)`, "instagram", "android"],
  [`${IPHONE} [FBAN/FBIOS;FBAV/466.0.0.37.103;FBBV/1]`, "facebook", "ios"],
  [`${ANDROID} [FB_IAB/FB4A;FBAV/466.0.0.37.103;]`, "facebook", "android"],
  [`${ANDROID} musical_ly_2023405030 JsSdk/1.0 NetType/WIFI Channel/googleplay BytedanceWebview/d8a21c6`, "tiktok", "android"],
  [ANDROID, "webview", "android"],
  [IPHONE, "webview", "ios"],
];

const BROWSERS = [
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (Linux; Android 14; SM-S938N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
  "Mozilla/5.0 (Linux; Android 14; SM-S938N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36 EdgA/126.0",
  "Mozilla/5.0 (Linux; Android 9; SM-G960N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Whale/1.0.0.0 Mobile Safari/537.36",
  `${IPHONE.replace("Mobile", "Version/17.5 Mobile")} Safari/604.1`,
  `${IPHONE.replace("Mobile", "CriOS/126.0 Mobile")} Safari/604.1`,
  `${IPHONE.replace("Mobile", "FxiOS/127.0 Mobile")} Safari/605.1.15`,
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
  "",
];

test("an app's browser is known by its name, any other by Android's and iOS's mark", () => {
  for (const [agent, app, system] of APPS) assert.deepEqual(inAppOf(agent), { app, system }, agent);
  for (const agent of BROWSERS) assert.equal(inAppOf(agent), null, agent);
});

const ADDRESS = "http://192.168.0.5:8123/#0123456789";

test("the way out keeps the whole address, the code in it too", () => {
  const kakao = outsideLink({ app: "kakaotalk", system: "ios" }, ADDRESS);
  assert.equal(decodeURIComponent(kakao.split("url=")[1]), ADDRESS);
  const line = outsideLink({ app: "line", system: "ios" }, ADDRESS);
  assert.equal(line, "http://192.168.0.5:8123/?openExternalBrowser=1#0123456789");
  assert.equal(withoutMark(line), ADDRESS);
  assert.equal(withoutMark(ADDRESS), ADDRESS);
  assert.equal(withoutMark("http://a/?x=1&openExternalBrowser=1#1"), "http://a/?x=1&openExternalBrowser=1#1");
  const intent = outsideLink({ app: "naver", system: "android" }, ADDRESS);
  // What Android's Intent.parseUri makes of it: all before the last "#", under the scheme.
  const [, data, extras] = /^intent:(.*)#Intent;(.*)end$/.exec(intent);
  assert.equal(`${/scheme=(\w+);/.exec(extras)[1]}:${data}`, ADDRESS);
  assert.match(outsideLink({ app: "webview", system: "android" }, ADDRESS.replace("http", "https")), /;scheme=https;/);
  for (const app of ["naver", "instagram", "webview"]) assert.equal(outsideLink({ app, system: "ios" }, ADDRESS), null);
});
