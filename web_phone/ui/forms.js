// The forms that ask for digits and letters: the number, a typed code, a certificate's password.
// Their button stands in the screen's bar, see `submitButton`.

import { check, notice } from "./components.js";
import { make } from "./dom.js";

/** @typedef {import("./texts.js").Texts} Texts */

/** The ids of the number's field, and of what helps with it: the screen gives that to its warning. */
export const NUMBER = "number";
export const NUMBER_HELP = "number-help";
const DIGITS = 6;
/** The same of a typed code. */
export const CODE = "code";
export const CODE_HELP = "code-help";
/** What a code has behind its first group, in digits. */
const SECRET_DIGITS = 8;

/** The button that submits the form of a field. @param {string} field its id @param {string} text */
export const submitButton = (field, text) =>
  make("button", { type: "submit", form: `${field}-form`, class: "main" }, text);

/**
 * A text field whose letters are masked, where the browser can do that: a field of the type
 * "password" makes every browser's password manager offer to keep what was typed.
 */
const canMask = () => CSS.supports("-webkit-text-security", "disc");

/**
 * @param {Texts} texts
 * @param {{id: string, wrongLeft: number | null, help: string, isChecking?: boolean}} given
 *   `wrongLeft`: tries left after a wrong one; `help`: which password it is
 * @param {(password: string) => void} act
 */
export function passwordForm(texts, { id, wrongLeft, help, isChecking = false }, act) {
  const isWrong = wrongLeft !== null;
  const input = make("input", {
    type: canMask() ? "text" : "password",
    id,
    class: "secret masked",
    autocomplete: "off",
    autocorrect: "off",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": isWrong ? `${id}-error ${id}-help` : `${id}-help`,
    "aria-invalid": isWrong ? "true" : false,
    enterkeyhint: "done",
    readonly: isChecking,
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isChecking) return;
    if (input.value !== "") act(input.value);
    else input.focus();
  };
  const show = (/** @type {boolean} */ isOn) => {
    input.classList.toggle("masked", !isOn);
    if (!canMask()) input.type = isOn ? "text" : "password";
  };
  return make(
    "form",
    { id: `${id}-form`, autocomplete: "off", onsubmit: submit },
    make("label", { for: id }, texts.say("page.send.password")),
    make("p", { class: "quiet", id: `${id}-help` }, help),
    input,
    isWrong && mistake(`${id}-error`, texts.say("page.send.password_wrong", { left: wrongLeft })),
    check(texts.say("page.send.show_password"), false, show),
  );
}

/** @param {string} id @param {string} text */
const mistake = (id, text) => notice("bad", make("p", { id, role: "alert" }, text));

/**
 * A code in its three groups, while it is typed: 4821 7730 1946.
 * @param {string} typed
 * @param {number} caret where the person is in it
 * @returns {{text: string, caret: number}} what is no code stays as it is
 */
export function grouped(typed, caret) {
  if (/[^0-9 -]/.test(typed)) return { text: typed, caret };
  const digits = typed.replace(/[ -]/g, "");
  const first = Math.max(4, Math.min(6, digits.length - SECRET_DIGITS));
  const second = first + SECRET_DIGITS / 2;
  const groups = [digits.slice(0, first), digits.slice(first, second), digits.slice(second)];
  const before = typed.slice(0, caret).replace(/[ -]/g, "").length;
  const gaps = (before > first ? 1 : 0) + (before > second ? 1 : 0);
  return { text: groups.filter((each) => each !== "").join(" "), caret: before + gaps };
}

/**
 * @param {Texts} texts
 * @param {string[]} wrong what was wrong with the last one, in sentences
 * @param {(typed: string) => string[]} act gives sentences where that is no code
 */
export function codeForm(texts, wrong, act) {
  const input = make("input", {
    type: "text",
    id: CODE,
    class: "code",
    inputmode: "numeric",
    autocomplete: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": CODE_HELP,
  });
  input.addEventListener("input", () => {
    const { text, caret } = grouped(input.value, input.selectionStart || 0);
    if (text === input.value) return;
    input.value = text;
    input.setSelectionRange(caret, caret);
  });
  const problem = make("div", { role: "alert" });
  const complain = (/** @type {string[]} */ sentences) => {
    problem.textContent = "";
    problem.append(notice("bad", ...sentences.map((each) => make("p", {}, each))));
    input.setAttribute("aria-invalid", "true");
  };
  if (wrong.length > 0) complain(wrong);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const found = act(input.value);
    if (found.length === 0) return;
    complain(found);
    input.focus();
  };
  return make(
    "form",
    { id: `${CODE}-form`, autocomplete: "off", onsubmit: submit },
    make("label", { for: CODE }, texts.say("page.code.label")),
    input,
    problem,
  );
}

/**
 * @param {Texts} texts
 * @param {number | null} wrongLeft tries left after a wrong number
 * @param {(typed: string) => void} act
 */
export function numberForm(texts, wrongLeft, act) {
  const input = make("input", {
    type: "text",
    id: NUMBER,
    class: "number",
    inputmode: "numeric",
    autocomplete: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "done",
    "aria-describedby": NUMBER_HELP,
  });
  // Six boxes have room for six digits: a pasted "637 081" loses its space.
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, DIGITS);
    if (digits !== input.value) input.value = digits;
  });
  const problem = make("div", { role: "alert" });
  const complain = (/** @type {string} */ text) => {
    problem.textContent = "";
    problem.append(notice("bad", make("p", {}, text)));
    input.setAttribute("aria-invalid", "true");
  };
  if (wrongLeft !== null) complain(texts.say("page.number.wrong", { left: wrongLeft }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value.length === DIGITS) act(input.value);
    else {
      complain(texts.say("page.number.format"));
      input.focus();
    }
  };
  return make(
    "form",
    { id: `${NUMBER}-form`, autocomplete: "off", onsubmit: submit },
    make("label", { for: NUMBER }, texts.say("page.number.label")),
    input,
    problem,
  );
}
