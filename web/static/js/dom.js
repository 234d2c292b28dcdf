// The page's elements by id, and copies of its templates. Nothing here or
// elsewhere makes markup of strings: what people write only ever becomes text.

export const $ = (id) => document.getElementById(id);

export const stamp = (template) => $(template).content.firstElementChild.cloneNode(true);

export const part = (element, name) => element.querySelector("." + name);

// flag sets an attribute to a value, or removes it for null, undefined and false.
export function flag(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, String(value));
}

export const phase = (name) => {
  document.body.dataset.phase = name;
  $("welcome").hidden = name === "chat";
  $("chat").hidden = name !== "chat";
};
