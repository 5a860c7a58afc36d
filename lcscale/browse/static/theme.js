// Light or dark: the machine's choice until somebody makes one; told to whoever draws.
const KEY = "lcscale.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function theme() {
  return document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
}

export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch { /* a browser that keeps nothing */ }
  announce();
}

function announce() {
  document.dispatchEvent(new CustomEvent("theme"));
}

try {
  const kept = localStorage.getItem(KEY);
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch { /* the same */ }
dark.addEventListener("change", announce);

// Colours of bands and series: safe for colour-blind eyes (Okabe & Ito 2008), and told apart by their shapes too.
const BANDS = {
  light: { u: "#7b4fb5", B: "#0072b2", b: "#0072b2", BP: "#0072b2", g: "#00845f", V: "#00845f", CV: "#00845f", G: "#1f2933",
    r: "#c8500a", R: "#c8500a", RP: "#c8500a", i: "#a3386f", I: "#a3386f", z: "#6b5b00", y: "#4d3b20" },
  dark: { u: "#b79cf0", B: "#56b4e9", b: "#56b4e9", BP: "#56b4e9", g: "#35c99a", V: "#35c99a", CV: "#35c99a", G: "#e3e8ee",
    r: "#f08a4b", R: "#f08a4b", RP: "#f08a4b", i: "#e48dbb", I: "#e48dbb", z: "#e0c94a", y: "#d0b090" },
};
const SERIES = {
  light: ["#0072b2", "#c8500a", "#00845f", "#a3386f", "#6b5b00", "#3f7d94"],
  dark: ["#56b4e9", "#f08a4b", "#35c99a", "#e48dbb", "#e0c94a", "#8fcbe0"],
};
export const SHAPES = ["circle", "square", "diamond", "triangle"];

export function bandColour(name, place) {
  const now = theme();
  return BANDS[now][name] || SERIES[now][place % SERIES[now].length];
}

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: read("--ink"), faint: read("--faint"), line: read("--line"), accent: read("--accent"), warm: read("--warm"),
    pale: read("--pale"), paper: read("--paper"), dark: theme() === "dark" };
}
