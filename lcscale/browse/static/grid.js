// The table: as many rows as there are, of which only those in sight exist; pages come when they are needed.
import { get } from "./api.js";
import { make, number } from "./elements.js";
import { ordered } from "./state.js";
import { bandColour, colours } from "./theme.js";

export const ROW = 46;
const PAGE = 100, KEPT_PAGES = 80, TALLEST = 8_000_000, REST = 70;

export class Grid {
  constructor(host, { onOpen, onSort, onFocus }) {
    this.host = host;
    this.heard = { onOpen, onSort, onFocus };
    this.head = make("div", { class: "grid-row grid-head", role: "row", "aria-rowindex": "1" });
    this.layer = make("div", { class: "grid-layer" });
    this.spacer = make("div", { class: "grid-spacer" });
    this.body = make("div", { class: "grid-body", role: "rowgroup", tabIndex: 0 }, this.layer, this.spacer);
    host.replaceChildren(make("div", { role: "rowgroup", class: "grid-heads" }, this.head), this.body);
    this.pool = [];
    this.focus = 0;
    this.first = 0;
    this.count = 0;
    this.thumbnails = new Map();
    this.body.addEventListener("scroll", () => this._scrolled(), { passive: true });
    this.body.addEventListener("wheel", (event) => this._wheeled(event), { passive: false });
    this.layer.addEventListener("click", (event) => {
      const row = event.target.closest(".grid-row");
      if (row && row.place !== undefined) { this.setFocus(row.place); this.heard.onOpen(row.place); }
    });
    new ResizeObserver(() => { this._fit(); this.draw(); }).observe(this.body);
    document.addEventListener("theme", () => this.draw(true));
    host.addEventListener("keydown", (event) => this._pressed(event));
  }

  // Other columns, other rows, or another order.
  reset({ columns, sort, descending, sortable, withThumbnails, labels }) {
    this.columns = columns;
    this.withThumbnails = withThumbnails;
    this.labels = labels;
    this.pages = new Map();
    this.asked = new Map();
    this.generation = (this.generation || 0) + 1;
    this._head(sort, descending, sortable);
    const widths = [withThumbnails ? "132px" : null, ...columns.map((each) => (each.number ? "minmax(84px, 0.8fr)" : "minmax(92px, 1fr)"))];
    this.host.style.setProperty("--widths", widths.filter(Boolean).join(" "));
    this.host.style.setProperty("--least", `${(withThumbnails ? 132 : 0) + columns.length * 96}px`);
    for (const row of this.pool) row.remove();
    this.pool = [];
  }

  async load(at = 0) {
    const page = await this.page(Math.floor(at / PAGE));
    this.setCount(page.count);
    this.host.setAttribute("aria-colcount", String(this.columns.length + (this.withThumbnails ? 1 : 0)));
    this.setFocus(Math.min(at, Math.max(0, page.count - 1)), false);
    this.reveal(this.focus);
    this.draw(true);
    return page.count;
  }

  setCount(count) {
    this.count = count;
    this.host.setAttribute("aria-rowcount", String(count + 1));
    this._fit();
  }

  _head(sort, descending, sortable) {
    const cells = this.columns.map((column) => {
      const sorted = sort === column.name;
      const told = column.description ? `${column.description}${column.unit ? ` (${column.unit})` : ""}` : column.name;
      const button = make("button", { type: "button", title: told, disabled: !sortable, on: { click: () => this.heard.onSort(column.name) } },
        make("span", {}, column.title || column.name), sorted ? make("span", { class: "arrow" }, descending ? "▼" : "▲") : null);
      return make("div", { class: column.number ? "cell number" : "cell", role: "columnheader", "aria-sort": sorted ? (descending ? "descending" : "ascending") : "none" }, button);
    });
    this.head.replaceChildren(...(this.withThumbnails ? [make("div", { class: "cell", role: "columnheader" }, "Folded")] : []), ...cells);
  }

  get visible() { return Math.max(1, this.body.clientHeight / ROW); }
  get scaled() { return this.count * ROW > TALLEST; }

  _fit() {
    const height = Math.min(this.count * ROW, TALLEST);
    this.spacer.style.height = `${height}px`;
    this.head.parentElement.style.paddingRight = `${this.body.offsetWidth - this.body.clientWidth}px`;
  }

  _furthest() { return Math.max(0, this.count - this.visible); }

  _scrolled() {
    const top = this.body.scrollTop;
    if (!this.scaled) this.first = top / ROW;
    else if (Math.abs(top - (this.expected ?? -9)) > 1.5) {
      const range = this.body.scrollHeight - this.body.clientHeight;
      this.first = range > 0 ? top / range * this._furthest() : 0;
    }
    this._later();
  }

  _wheeled(event) {
    if (!this.scaled || event.ctrlKey) return;
    event.preventDefault();
    const step = event.deltaMode === 1 ? event.deltaY : event.deltaMode === 2 ? event.deltaY * this.visible : event.deltaY / ROW;
    this.to(this.first + step);
  }

  to(first) {
    this.first = Math.min(Math.max(0, first), this._furthest());
    if (this.scaled) {
      const range = this.body.scrollHeight - this.body.clientHeight;
      this.body.scrollTop = this.first / Math.max(1, this._furthest()) * range;
      this.expected = this.body.scrollTop;
    } else this.body.scrollTop = this.first * ROW;
    this._later();
  }

  reveal(place) {
    if (place < this.first) this.to(place);
    else if (place > this.first + this.visible - 1.2) this.to(place - this.visible + 1.2);
  }

  _later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw(again = false) {
    if (!this.columns) return;
    const from = Math.floor(this.first), needed = Math.min(this.count, Math.ceil(this.visible) + 2);
    while (this.pool.length < needed) this.pool.push(this._newRow());
    const shown = new Map(this.pool.map((row) => [row.place, row]));
    const free = this.pool.filter((row) => row.place === undefined || row.place < from || row.place >= from + needed || row.place >= this.count);
    for (let place = from; place < Math.min(from + needed, this.count); place++) {
      const row = shown.get(place) && !free.includes(shown.get(place)) ? shown.get(place) : free.pop();
      if (!row) continue;
      row.style.transform = `translateY(${(place - this.first) * ROW}px)`;
      if (row.place !== place || again || !row.filled) this._fill(row, place);
    }
    for (const row of free) { row.place = undefined; row.filled = false; row.style.transform = "translateY(-200px)"; }
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this._rest(from, needed), REST);
  }

  _newRow() {
    const row = make("div", { class: "grid-row", role: "row" });
    if (this.withThumbnails) {
      row.canvas = make("canvas", { width: 240, height: 76 });
      row.append(make("div", { class: "cell thumb", role: "gridcell" }, row.canvas));
    }
    row.cells = this.columns.map((column) => make("div", { class: column.number ? "cell number" : "cell", role: "gridcell" }));
    row.append(...row.cells);
    this.layer.append(row);
    return row;
  }

  _fill(row, place) {
    const values = this.at(place);
    row.place = place;
    row.filled = Boolean(values);
    row.setAttribute("aria-rowindex", String(place + 2));
    const chosen = place === this.focus;
    row.classList.toggle("chosen", chosen);
    row.setAttribute("aria-selected", chosen ? "true" : "false");
    this.columns.forEach((column, k) => {
      const cell = row.cells[k], text = values ? column.text(values) : "";
      if (cell.textContent !== text) cell.textContent = text;
      if (column.mark) cell.dataset.mark = values ? column.mark(values) : "";
    });
    if (row.canvas) this._thumbnail(row, values);
  }

  at(place) {
    const page = this.pages.get(Math.floor(place / PAGE));
    return page ? page.rows[place % PAGE] : null;
  }

  page(number_) {
    if (!this.asked.has(number_)) {
      const generation = this.generation, columns = this.columns.flatMap((each) => each.needs || [each.name]);
      const asked = get("rows", { ...ordered(), at: number_ * PAGE, limit: PAGE, columns }).then((page) => {
        if (generation === this.generation) {
          this.pages.set(number_, page);
          if (this.pages.size > KEPT_PAGES) { const old = this.pages.keys().next().value; this.pages.delete(old); this.asked.delete(old); }
        }
        return page;
      });
      asked.catch(() => this.asked.delete(number_));
      this.asked.set(number_, asked);
    }
    return this.asked.get(number_);
  }

  async row(place) {
    if (place < 0 || place >= this.count) return null;
    return (await this.page(Math.floor(place / PAGE))).rows[place % PAGE];
  }

  async _rest(from, needed) {
    const generation = this.generation, last = Math.min(from + needed, this.count) - 1;
    if (last < 0) return;
    const pages = [...new Set([Math.floor(from / PAGE), Math.floor(last / PAGE)])].filter((each) => !this.pages.has(each));
    await Promise.all(pages.map((each) => this.page(each).catch(() => null)));
    if (generation !== this.generation) return;
    if (pages.length) this.draw();
    if (!this.withThumbnails) return;
    const lacking = [];
    for (let place = from; place <= last; place++) {
      const values = this.at(place);
      if (values && !this.thumbnails.has(values.row)) lacking.push(values.row);
    }
    if (!lacking.length) return;
    const found = await get("thumbnails", { catalog: ordered().catalog, rows: lacking.join(",") }).catch(() => ({}));
    if (this.thumbnails.size > 5000) this.thumbnails.clear();
    for (const row of lacking) this.thumbnails.set(row, found[row] ?? null);
    for (const row of this.pool) if (row.place !== undefined && row.canvas) this._thumbnail(row, this.at(row.place));
  }

  forgetThumbnails() { this.thumbnails.clear(); }

  _thumbnail(row, values) {
    const c = row.canvas.getContext("2d"), found = values ? this.thumbnails.get(values.row) : null;
    const key = found ? `${values.row}${colours().dark}` : "";
    if (row.drawn === key) return;
    row.drawn = key;
    c.clearRect(0, 0, 240, 76);
    if (!found) return;
    const { points, bands, folded } = found, width = folded ? 118 : 236;
    for (let i = 0; i < points.length; i += 3) {
      c.fillStyle = bandColour(bands[points[i + 2]] || "", points[i + 2]);
      const x = 2 + points[i] / 256 * width, y = 5 + points[i + 1] / 255 * 64;
      c.fillRect(x - 1.6, y - 1.6, 3.4, 3.4);
      if (folded) c.fillRect(x + 118 - 1.6, y - 1.6, 3.4, 3.4);
    }
  }

  setFocus(place, tell = true) {
    this.focus = Math.min(Math.max(0, place), Math.max(0, this.count - 1));
    for (const row of this.pool) {
      row.classList.toggle("chosen", row.place === this.focus);
      row.setAttribute("aria-selected", row.place === this.focus ? "true" : "false");
    }
    if (tell) this.heard.onFocus(this.focus);
  }

  _pressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: Math.floor(this.visible) - 1, PageUp: 1 - Math.floor(this.visible), Home: -this.count, End: this.count };
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
    if (event.key in steps) { event.preventDefault(); this.move(steps[event.key]); }
    else if (event.key === "Enter") { event.preventDefault(); this.heard.onOpen(this.focus); }
  }

  move(steps) { this.setFocus(this.focus + steps); this.reveal(this.focus); this.draw(); }
}
