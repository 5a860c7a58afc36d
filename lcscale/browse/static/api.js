// Requests to the server: relative addresses only, so that the page works behind a proxy's path too.
export class Refused extends Error {}

function query(values) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "" && each !== false) found.append(name, each);
    }
  }
  return found.toString();
}

export function address(path, values = {}) {
  const text = query(values);
  return `api/${path}${text ? "?" + text : ""}`;
}

async function answered(response) {
  const body = await response.json().catch(() => ({ detail: `the server said ${response.status}` }));
  if (response.ok) return body;
  const detail = Array.isArray(body.detail) ? body.detail.map((each) => each.msg).join("; ") : body.detail;
  throw new Refused(detail);
}

export async function get(path, values = {}, signal = undefined) {
  return answered(await fetch(address(path, values), { signal }));
}

export async function post(path, body, type = "application/json") {
  const content = type === "application/json" ? JSON.stringify(body) : body;
  return answered(await fetch(`api/${path}`, { method: "POST", headers: { "Content-Type": type }, body: content }));
}

// What was asked lately stays: stepping back and forth asks nothing twice.
const kept = new Map();
export function getOnce(path, values) {
  const key = address(path, values);
  if (!kept.has(key)) {
    kept.set(key, get(path, values));
    kept.get(key).catch(() => kept.delete(key));
    if (kept.size > 60) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}

export function forget() {
  kept.clear();
}
