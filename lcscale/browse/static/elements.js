// Elements made of text only: nothing that comes from a lake is ever read as markup.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, heard] of Object.entries(value)) element.addEventListener(event, heard);
    else if (name.startsWith("aria-") || name === "role" || name === "for" || name.startsWith("data-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

export const byId = (id) => document.getElementById(id);

let ending = 0;
export function say(text, action = null) {
  const toast = byId("toast");
  toast.replaceChildren(make("span", {}, text));
  if (action) toast.append(make("button", { type: "button", on: { click: action.run } }, action.name));
  toast.hidden = false;
  clearTimeout(ending);
  ending = setTimeout(() => { toast.hidden = true; }, 6000);
}

export function openDialog(title, ...content) {
  const dialog = byId("dialog");
  const close = make("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "×");
  dialog.setAttribute("aria-label", title);
  dialog.replaceChildren(make("div", { class: "dialog-head" }, make("h2", {}, title), close), ...content);
  dialog.showModal();
  return dialog;
}

export function number(value, digits = 5) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en").replaceAll(",", "\u202f");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2).replace("e-", "e−").replace(/^-/, "−");
  return String(Number(value.toPrecision(digits))).replace(/^-/, "−");
}

export function sexagesimal(ra, dec) {
  const parts = (value, first) => {
    let rest = Math.round(value * 3600 * 100) / 100;
    const a = Math.floor(rest / 3600); rest -= a * 3600;
    const b = Math.floor(rest / 60); rest -= b * 60;
    return `${String(a).padStart(2, "0")}:${String(b).padStart(2, "0")}:${rest.toFixed(first).padStart(first + 3, "0")}`;
  };
  return `${parts(ra / 15, 2)} ${dec < 0 ? "−" : "+"}${parts(Math.abs(dec), 1)}`;
}
