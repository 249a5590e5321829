// 도움말: what people ask most, in place.

import { disclosure, paragraph } from "../../../web_phone/ui/components.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */

const ABOUT = ["fraud", "phone", "bank_app", "password", "cloud", "renew", "move", "network"];

/** @param {App} app @param {string} about what is open at once @returns {View} */
export const help = (app, about) => ({
  key: "",
  screen: () => ({
    title: app.texts.say("centre.menu.help"),
    body: ABOUT.map((each) => {
      const part = disclosure(`help-${each}`, app.texts.say(`centre.help.${each}`), paragraph(app.texts, `centre.help.${each}.text`));
      part.open = each === about;
      return part;
    }),
  }),
});
