// The two forms that ask for digits and letters: the number, and a certificate's password.

import { make } from "./dom.js";
import { check, notice } from "./pieces.js";

/** @typedef {import("./texts.js").Texts} Texts */

/** The id of what helps with the number: the screen gives it to its warning. */
export const NUMBER_HELP = "number-help";

/**
 * @param {Texts} texts
 * @param {{id: string, wrongLeft: number | null}} given `wrongLeft`: tries left after a wrong one
 * @param {(password: string) => void} act
 */
export function passwordForm(texts, { id, wrongLeft }, act) {
  const errorId = `${id}-error`;
  const input = make("input", {
    type: "password",
    id,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": wrongLeft === null ? false : errorId,
    "aria-invalid": wrongLeft === null ? false : "true",
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value !== "") act(input.value);
  };
  return make(
    "form",
    { onsubmit: submit },
    make("label", { for: id }, texts.say("page.send.password")),
    input,
    wrongLeft !== null &&
      notice(
        "bad",
        make("p", { id: errorId, role: "alert" }, texts.say("page.send.password_wrong", { left: wrongLeft })),
      ),
    check(texts.say("page.send.show_password"), false, (isOn) => {
      input.type = isOn ? "text" : "password";
    }),
    make("button", { type: "submit" }, texts.say("page.send.check")),
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
    id: "number",
    class: "number",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: "9",
    "aria-describedby": NUMBER_HELP,
  });
  const problem = make("div", { role: "alert" });
  const complain = (/** @type {string} */ text) => {
    problem.textContent = "";
    problem.append(notice("bad", make("p", {}, text)));
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  if (wrongLeft !== null) {
    problem.append(notice("bad", make("p", {}, texts.say("page.number.wrong", { left: wrongLeft }))));
  }
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (/^\d{6}$/.test(input.value.replace(/\s/g, ""))) act(input.value);
    else complain(texts.say("page.number.format"));
  };
  return make(
    "form",
    { onsubmit: submit },
    make("label", { for: "number" }, texts.say("page.number.label")),
    input,
    problem,
    make("button", { type: "submit", class: "main" }, texts.say("page.number.send")),
  );
}
