// The whole state of the page, kept in its address: a link shows a colleague the same.
const LISTS = ["class", "columns", "where", "prewhiten"];
const NAMES = ["catalog", "q", "cone", "sort", "descending", "labels", "hide", "star", "period", "plots", "first"];

export const state = {};

export function readState() {
  const told = new URLSearchParams(location.search);
  for (const name of NAMES) state[name] = told.get(name) || "";
  for (const name of LISTS) state[name] = told.getAll(name);
  return state;
}

function written() {
  const told = new URLSearchParams();
  for (const name of NAMES) if (state[name]) told.set(name, state[name]);
  for (const name of LISTS) for (const each of state[name]) told.append(name, each);
  const text = told.toString();
  return location.pathname + (text ? "?" + text : "");
}

export function change(values, push = false) {
  Object.assign(state, values);
  const now = written();
  if (push) history.pushState(null, "", now);
  else history.replaceState(null, "", now);
}

// The rows wanted, as every request names them.
export function wanted() {
  return {
    catalog: state.catalog,
    where: [...(state.q ? [state.q] : []), ...state.where.map((each) => each.slice(each.indexOf(":") + 1))],
    class: state.class,
    cone: state.cone,
    hide: state.hide && state.labels ? state.labels : "",
  };
}

export function ordered() {
  return { ...wanted(), sort: state.sort, descending: state.descending ? "true" : "" };
}

// Conditions of brushed plots, each under the name of its plot.
export function brush(plot, condition) {
  const others = state.where.filter((each) => !each.startsWith(plot + ":"));
  change({ where: condition ? [...others, `${plot}:${condition}`] : others });
}

export function brushed(plot) {
  const found = state.where.find((each) => each.startsWith(plot + ":"));
  return found ? found.slice(plot.length + 1) : "";
}
