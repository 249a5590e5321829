// Fields that screens of the centre ask with: one line, a new password with its rules.

import { check, notice } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { icon } from "../../../web_phone/ui/drawings.js";

/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {{fault: string, pattern: string, wanted: boolean}} Rule a rule of the program: the pattern must be found, or must not */

/** A form with one field; its button stands in the screen's bar. */
export class LineForm {
  /**
   * @param {Texts} texts
   * @param {{id: string, label: string, help: string, mayBeEmpty?: boolean, isSecret?: boolean}} given
   * @param {(line: string) => void} act
   */
  constructor(texts, { id, label, help, mayBeEmpty = false, isSecret = false }, act) {
    const input = field(id, isSecret);
    input.setAttribute("aria-describedby", `${id}-help`);
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value !== "" || mayBeEmpty) act(input.value);
      else input.focus();
    };
    this.element = make(
      "form",
      { id: `${id}-form`, autocomplete: "off", onsubmit: submit },
      make("label", { for: id }, label),
      make("p", { class: "quiet", id: `${id}-help` }, help),
      input,
      isSecret && check(texts.say("page.send.show_password"), false, (isOn) => show(input, isOn)),
    );
  }
}

/** See web_phone/ui/forms.js: no password manager shall offer to keep a certificate's password. */
const canMask = () => CSS.supports("-webkit-text-security", "disc");

/** @param {string} id @param {boolean} isSecret */
function field(id, isSecret) {
  return make("input", {
    type: isSecret && !canMask() ? "password" : "text",
    id,
    class: isSecret ? "secret masked" : "",
    autocomplete: "off",
    autocorrect: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
}

/** @param {HTMLInputElement} input @param {boolean} isOn */
function show(input, isOn) {
  input.classList.toggle("masked", !isOn);
  if (!canMask()) input.type = isOn ? "text" : "password";
}

/** Whether a rule is kept. @param {Rule} rule @param {string} password */
const isKept = ({ pattern, wanted }, password) => new RegExp(pattern, "u").test(password) === wanted;

/**
 * A new password, twice; each rule of the program gets its tick while it is typed.
 * @param {Texts} texts
 * @param {Rule[]} rules
 * @param {(password: string, again: string) => void} act
 */
export function newPasswordForm(texts, rules, act) {
  const first = field("new-password", true);
  const again = field("new-password-again", true);
  first.setAttribute("aria-describedby", "new-password-rules");
  const marks = rules.map((rule) => ({ rule, mark: make("span", { class: "dot" }), said: make("span", { class: "visually-hidden" }) }));
  const items = marks.map(({ rule, mark, said }) => make("li", {}, mark, make("span", {}, texts.say(`centre.rule.${rule.fault}`)), said));
  const look = () => {
    marks.forEach(({ rule, mark, said }, at) => {
      // Nothing is broken by an empty field, and nothing kept.
      const isGood = first.value !== "" && isKept(rule, first.value);
      mark.textContent = "";
      if (isGood) mark.append(icon("tick"));
      said.textContent = ` (${texts.say(isGood ? "answer.holds" : "centre.rule.open")})`;
      /** @type {HTMLElement} */ (items[at]).className = isGood ? "there" : "";
    });
  };
  first.addEventListener("input", look);
  look();
  const problem = make("div", { role: "alert" });
  const complain = (/** @type {string} */ text, /** @type {HTMLInputElement} */ input) => {
    problem.textContent = "";
    problem.append(notice("bad", make("p", {}, text)));
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    first.removeAttribute("aria-invalid");
    again.removeAttribute("aria-invalid");
    if (!rules.every((rule) => isKept(rule, first.value))) complain(texts.say("centre.rule.broken"), first);
    else if (first.value !== again.value) complain(texts.say("error.passwords_differ"), again);
    else act(first.value, again.value);
  };
  return make(
    "form",
    { id: "new-password-form", autocomplete: "off", onsubmit: submit },
    make("label", { for: "new-password" }, texts.say("centre.password.new")),
    first,
    make("ul", { class: "checklist rules", id: "new-password-rules" }, ...items),
    make("label", { for: "new-password-again" }, texts.say("centre.password.again")),
    again,
    check(texts.say("page.send.show_password"), false, (isOn) => {
      show(first, isOn);
      show(again, isOn);
    }),
    problem,
  );
}
