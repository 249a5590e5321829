// Elements are made here and nowhere else: texts only ever become text nodes.

/** @typedef {Node | string | null | false} Child */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<Record<string, string | boolean | ((event: Event) => void)>>} [properties]
 *   attributes by name; `class`; a function under "onclick" and the like listens
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false).map(asNode));
  return element;
}

/** @param {Child} child */
const asNode = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

/** Show other children. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.textContent = "";
  element.append(...children.filter((child) => child !== null && child !== false).map(asNode));
}
