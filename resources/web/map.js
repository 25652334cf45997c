// The web map: draws the layers of the file on one canvas over Leaflet, as the looks of every zoom level say.
// All texts of the data become text nodes or canvas text, never markup.
"use strict";

function lydigital(map, content) {
  const [firstZoom, lastZoom] = content.zooms;
  const words = (text) => content.words[text] || text;
  const mercY = (lat) => (1 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / Math.PI) / 2;

  function el(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // --- numbers ------------------------------------------------------------------------------------------------------

  function ints(text) {
    const raw = atob(text), out = [];
    for (let i = 0; i < raw.length; ) {
      let value = 0, factor = 1, octet;
      do { octet = raw.charCodeAt(i++); value += (octet & 127) * factor; factor *= 128; } while (octet & 128);
      out.push(value % 2 ? -(value + 1) / 2 : value / 2);
    }
    return out;
  }

  function offsets(text, count) {
    const out = new Int32Array(count + 1);
    const sizes = text === undefined ? null : ints(text);
    for (let i = 0; i < count; i++) out[i + 1] = out[i] + (sizes ? sizes[i] : 1);
    return out;
  }

  function places(steps, digits) { // to the unit square of the Mercator projection
    const out = new Float64Array(steps.length), unit = Math.pow(10, -digits);
    for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
      x += steps[i]; y += steps[i + 1];
      out[i] = (x * unit + 180) / 360; out[i + 1] = mercY(y * unit);
    }
    return out;
  }

  function prepare(layer) {
    layer.geoms = offsets(layer.parts, layer.n);
    layer.partRings = offsets(layer.rings, layer.geoms[layer.n]);
    layer.ringVerts = offsets(layer.verts, layer.partRings[layer.partRings.length - 1]);
    layer.at = places(ints(layer.xy), layer.digits);
    layer.anchor = layer.anchors === undefined ? null : places(ints(layer.anchors), 5);
    layer.code = layer.codes === undefined ? null : ints(layer.codes);
    layer.share = layer.factor === undefined ? null : ints(layer.factor);
    layer.angle = layer.turn === undefined ? null : ints(layer.turn);
    layer.muted = layer.mute === undefined ? null : new Set(ints(layer.mute));
    layer.columns.forEach((c) => { if (c.index !== undefined) c.index = ints(c.index); });
    layer.boxes = new Float64Array(4 * layer.n);
    for (let i = 0; i < layer.n; i++) {
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      const [from, to] = span(layer, i);
      for (let v = from; v < to; v++) {
        const x = layer.at[2 * v], y = layer.at[2 * v + 1];
        x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
      }
      layer.boxes.set([x0, y0, x1, y1], 4 * i);
    }
    if (layer.picture) { layer.picture.image = new Image(); layer.picture.image.onload = soon; layer.picture.image.src = layer.picture.src; }
    for (const key of ["xy", "verts", "rings", "parts", "codes", "anchors", "factor", "turn", "mute"]) delete layer[key];
  }

  const rings = (layer, i) => [layer.partRings[layer.geoms[i]], layer.partRings[layer.geoms[i + 1]]];
  function span(layer, i) {
    const [a, b] = rings(layer, i);
    return [layer.ringVerts[a], layer.ringVerts[b]];
  }
  const place = (layer, i) => (layer.anchor ? [layer.anchor[2 * i], layer.anchor[2 * i + 1]] : [layer.at[2 * span(layer, i)[0]], layer.at[2 * span(layer, i)[0] + 1]]);
  const codeOf = (layer, i) => (layer.code ? layer.code[i] : 0);
  function value(column, i) {
    if (column.personal) return undefined;
    const at = column.index ? column.index[i] : i;
    return at < 0 ? undefined : column.values[at];
  }
  const nameOf = (layer, i) => (layer.name < 0 ? undefined : value(layer.columns[layer.name], i));
  const levelOf = (zoom) => Math.min(lastZoom, Math.max(firstZoom, Math.round(zoom))) - firstZoom;
  const lookAt = (layer, zoom) => layer.looks[layer.look[levelOf(zoom)]];
  const isShown = (layer, zoom) => layer.visible && (layer.picture ? Boolean(layer.shown[levelOf(zoom)]) : lookAt(layer, zoom).length > 0);

  // --- pictures and patterns ----------------------------------------------------------------------------------------

  let isComing = false;
  function soon() { // once for all sprites that are decoded in the meantime
    if (isComing) return;
    isComing = true;
    requestAnimationFrame(() => { isComing = false; sheet.again(); drawSwatches(); });
  }
  const sprites = content.sprites.map((s) => {
    const image = new Image();
    image.onload = soon;
    image.src = s.src;
    return Object.assign({}, s, { image });
  });

  const patterns = new Map();
  function pattern(ctx, color, [kind, angle, spacing, width]) {
    const key = [kind, color, angle, spacing, width].join();
    if (!patterns.has(key)) {
      const fine = 2, side = Math.max(2, Math.round(spacing * fine)), tile = document.createElement("canvas");
      tile.width = tile.height = side;
      const own = tile.getContext("2d");
      own.fillStyle = color;
      if (kind === "dots") {
        own.beginPath(); own.arc(side / 2, side / 2, Math.max(0.6, width) * fine, 0, 7); own.fill();
      } else {
        own.fillRect(0, 0, side, Math.max(1, width * fine));
        if (kind === "cross") own.fillRect(0, 0, Math.max(1, width * fine), side);
      }
      const made = ctx.createPattern(tile, "repeat");
      made.setTransform(new DOMMatrix().rotate(-angle).scale(1 / fine));
      patterns.set(key, made);
    }
    return patterns.get(key);
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  function trace(ctx, view, layer, i) {
    const { size, ox, oy } = view, at = layer.at, closed = layer.kind === "polygon";
    const [first, last] = rings(layer, i);
    for (let r = first; r < last; r++) {
      const from = layer.ringVerts[r], to = layer.ringVerts[r + 1];
      let px = NaN, py = NaN;
      for (let v = from; v < to; v++) {
        const x = at[2 * v] * size - ox, y = at[2 * v + 1] * size - oy;
        if (v === from) ctx.moveTo(x, y);
        else if (v < to - 1 && Math.abs(x - px) < 0.6 && Math.abs(y - py) < 0.6) continue;
        else ctx.lineTo(x, y);
        px = x; py = y;
      }
      if (closed) ctx.closePath();
    }
  }

  function mark(ctx, x, y, spriteNumber, size, angle) {
    const s = sprites[spriteNumber];
    if (!s.image.complete || !size) return;
    const f = size / s.size;
    if (angle) {
      ctx.save(); ctx.translate(x, y); ctx.rotate((angle * Math.PI) / 180);
      ctx.drawImage(s.image, -s.x * f, -s.y * f, s.w * f, s.h * f); ctx.restore();
    } else ctx.drawImage(s.image, x - s.x * f, y - s.y * f, s.w * f, s.h * f);
  }

  function drawStep(ctx, view, layer, rows, step) {
    const [kind, codes] = step;
    if (kind === "m") {
      for (const i of rows) {
        const own = step[1][codeOf(layer, i)];
        if (!own) continue;
        const share = step[2] && layer.share ? layer.share[i] / 1000 : 1, angle = layer.angle ? layer.angle[i] : 0;
        if (layer.anchor || layer.kind !== "point") {
          const [x, y] = place(layer, i);
          mark(ctx, x * view.size - view.ox, y * view.size - view.oy, own[0], own[1] * share, angle);
        } else {
          const [from, to] = span(layer, i);
          for (let v = from; v < to; v++) mark(ctx, layer.at[2 * v] * view.size - view.ox, layer.at[2 * v + 1] * view.size - view.oy, own[0], own[1] * share, angle);
        }
      }
      return;
    }
    const wanted = codes === null ? null : new Set(codes);
    const own = wanted === null ? rows.filter((i) => codeOf(layer, i) >= 0) : rows.filter((i) => wanted.has(codeOf(layer, i)));
    if (!own.length) return;
    if (kind === "i") {
      ctx.strokeStyle = step[2]; ctx.lineJoin = "round"; ctx.setLineDash([]);
      for (const i of own) {
        ctx.save(); ctx.beginPath(); trace(ctx, view, layer, i); ctx.clip("evenodd");
        ctx.globalAlpha *= 0.3;
        for (const part of [2, 1.4, 0.8]) { ctx.lineWidth = step[3] * part; ctx.stroke(); }
        ctx.restore();
      }
      return;
    }
    ctx.beginPath();
    for (const i of own) trace(ctx, view, layer, i);
    if (kind === "f") {
      ctx.fillStyle = step[3] ? pattern(ctx, step[2], step[3]) : step[2];
      ctx.fill("evenodd");
    } else {
      ctx.strokeStyle = step[2]; ctx.lineWidth = step[3]; ctx.lineCap = step[4]; ctx.lineJoin = step[5];
      ctx.setLineDash(step[6].map((d) => Math.max(0.5, d)));
      ctx.stroke(); ctx.setLineDash([]);
    }
  }

  function drawPicture(ctx, view, picture) { // made in the projection of the map, so a rectangle
    if (!picture.image.complete) return;
    const [[south, west], [north, east]] = picture.bounds, x = ((west + 180) / 360) * view.size, y = mercY(north) * view.size;
    ctx.drawImage(picture.image, x - view.ox, y - view.oy, ((east + 180) / 360) * view.size - x, mercY(south) * view.size - y);
  }

  function rowsIn(layer, box) {
    const out = [], b = layer.boxes;
    for (let i = 0, k = 0; i < layer.n; i++, k += 4)
      if (b[k] <= box[2] && b[k + 2] >= box[0] && b[k + 1] <= box[3] && b[k + 3] >= box[1]) out.push(i);
    return out;
  }

  function halfOf(layer, look, i) { // of the largest mark of a feature, CSS pixels
    let half = 0;
    for (const step of look) {
      const own = step[0] === "m" ? step[1][codeOf(layer, i)] : undefined;
      if (own) half = Math.max(half, (own[1] / 2) * (step[2] && layer.share ? layer.share[i] / 1000 : 1));
    }
    return half;
  }

  function drawLabels(ctx, view, drawn, zoom) {
    const taken = [], bounds = view.bounds;
    const order = drawn.filter(({ layer }) => layer.labels).sort((a, b) => b.layer.labels.priority - a.layer.labels.priority);
    let count = 0;
    for (const { layer, rows, look } of drawn) { // labels keep off marks where these are few
      if (layer.kind !== "point" || layer.picture || rows.length > mostMarks) continue;
      for (const i of rows) {
        const [mx, my] = place(layer, i), x = mx * view.size - view.ox, y = my * view.size - view.oy, half = halfOf(layer, look, i) - 1;
        if (half > 0) taken.push([x - half, y - half, x + half, y + half]);
      }
    }
    for (const { layer, rows, look } of order) {
      const style = layer.labels, size = style.sizes[levelOf(zoom)];
      if (!size || !look.length) continue;
      ctx.font = (style.italic ? "italic " : "") + style.weight + " " + size + "px " + getComputedStyle(document.body).fontFamily;
      ctx.textBaseline = "middle"; ctx.lineJoin = "round"; ctx.lineWidth = style.width; ctx.strokeStyle = style.halo; ctx.fillStyle = style.color;
      const column = layer.columns[layer.label];
      let own = 0;
      for (const i of rows) {
        if (own > 400 || count > 700) break;
        if (layer.muted && layer.muted.has(i)) continue;
        const whole = value(column, i);
        if (!whole || codeOf(layer, i) < 0) continue;
        const text = whole.length > mostOfLabel ? whole.slice(0, mostOfLabel - 1) + "…" : whole;
        const [mx, my] = place(layer, i), x = mx * view.size - view.ox, y = my * view.size - view.oy;
        if (x < bounds.min.x || x > bounds.max.x || y < bounds.min.y || y > bounds.max.y) continue;
        const wide = ctx.measureText(text).width, high = size * 1.2;
        if (layer.kind === "line" && (layer.boxes[4 * i + 2] - layer.boxes[4 * i] + layer.boxes[4 * i + 3] - layer.boxes[4 * i + 1]) * view.size < wide) continue;
        const gap = style.beside ? Math.max(size * 0.6, (layer.picture ? 0 : halfOf(layer, look, i)) + 3) : 0;
        const tries = style.beside ? [[x + gap, y - high / 2], [x - gap - wide, y - high / 2], [x - wide / 2, y - gap - high], [x - wide / 2, y + gap]] : [[x - wide / 2, y - high / 2]];
        for (const [left, top] of tries) {
          const box = [left - 2, top, left + wide + 2, top + high, text];
          if (taken.some((t) => t[4] === text && Math.abs(t[0] - box[0]) < 150 && Math.abs(t[1] - box[1]) < 150)) break; // named already
          if (taken.some((t) => t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1])) continue;
          taken.push(box); own++; count++;
          if (style.halo && style.width) ctx.strokeText(text, left, top + high / 2);
          ctx.fillText(text, left, top + high / 2);
          break;
        }
      }
    }
  }

  const mostOfLabel = 24, mostMarks = 500; // characters, features
  let chosen = null;

  const Sheet = L.Canvas.extend({
    options: { padding: 0.25, pane: "overlayPane" },
    _initContainer() { // the map itself hears of clicks
      L.Canvas.prototype._initContainer.call(this);
      this._container._leaflet_disable_events = false;
      this._container.style.pointerEvents = "none";
    },
    _onClick() {}, _onMouseMove() {}, _handleMouseOut() {},
    _updatePaths() { if (!this._postponeUpdatePaths) this._draw(); },
    again() { if (this._ctx) { const b = this._bounds.getSize(); this._ctx.clearRect(this._bounds.min.x, this._bounds.min.y, b.x, b.y); this._draw(); } },
    view() {
      const zoom = this._map.getZoom(), origin = this._map.getPixelOrigin();
      return { size: 256 * Math.pow(2, zoom), ox: origin.x, oy: origin.y, bounds: this._bounds };
    },
    _draw() {
      const ctx = this._ctx;
      if (!ctx || !this._bounds) return;
      const zoom = Math.round(this._map.getZoom()), view = this.view(), b = this._bounds, room = 40;
      const box = [(b.min.x - room + view.ox) / view.size, (b.min.y - room + view.oy) / view.size, (b.max.x + room + view.ox) / view.size, (b.max.y + room + view.oy) / view.size];
      const drawn = [];
      for (const layer of content.layers) {
        const look = lookAt(layer, zoom);
        if (!isShown(layer, zoom)) continue;
        const rows = rowsIn(layer, box);
        drawn.push({ layer, rows, look: layer.picture ? [1] : look });
        if (layer.picture) drawPicture(ctx, view, layer.picture);
        ctx.globalAlpha = layer.opacity;
        for (const step of look) drawStep(ctx, view, layer, rows, step);
      }
      ctx.globalAlpha = 1;
      if (chosen && chosen.layer.visible) {
        const { layer, row } = chosen;
        ctx.lineJoin = "round";
        if (layer.kind === "point") {
          const [x, y] = place(layer, row);
          ctx.beginPath(); ctx.arc(x * view.size - view.ox, y * view.size - view.oy, 13, 0, 7);
        } else { ctx.beginPath(); trace(ctx, view, layer, row); }
        ctx.strokeStyle = "#ffffff"; ctx.lineWidth = 5; ctx.stroke();
        ctx.strokeStyle = "#e11d48"; ctx.lineWidth = 2.5; ctx.stroke();
      }
      drawLabels(ctx, view, drawn, zoom);
    },
  });

  // --- what is at a place -------------------------------------------------------------------------------------------

  function inside(layer, i, x, y) {
    let odd = false;
    const [first, last] = rings(layer, i), at = layer.at;
    for (let r = first; r < last; r++)
      for (let v = layer.ringVerts[r], w = layer.ringVerts[r + 1] - 1; v < layer.ringVerts[r + 1]; w = v++) {
        const ya = at[2 * v + 1], yb = at[2 * w + 1];
        if (ya > y !== yb > y && x < ((at[2 * w] - at[2 * v]) * (y - ya)) / (yb - ya) + at[2 * v]) odd = !odd;
      }
    return odd;
  }

  function away(layer, i, x, y) { // distance to points and lines
    let best = Infinity;
    const [first, last] = rings(layer, i), at = layer.at;
    for (let r = first; r < last; r++) {
      const from = layer.ringVerts[r], to = layer.ringVerts[r + 1];
      if (to - from === 1) best = Math.min(best, Math.hypot(at[2 * from] - x, at[2 * from + 1] - y));
      for (let v = from; v < to - 1; v++) {
        const ax = at[2 * v], ay = at[2 * v + 1], dx = at[2 * v + 2] - ax, dy = at[2 * v + 3] - ay;
        const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
        best = Math.min(best, Math.hypot(ax + t * dx - x, ay + t * dy - y));
      }
    }
    return best;
  }

  function hitsAt(latlng, reachPx, most) {
    const zoom = Math.round(map.getZoom()), size = 256 * Math.pow(2, map.getZoom());
    const x = (latlng.lng + 180) / 360, y = mercY(latlng.lat), out = [];
    for (let k = content.layers.length - 1; k >= 0 && out.length < most; k--) {
      const layer = content.layers[k];
      if (!isShown(layer, zoom)) continue;
      const reach = (layer.kind === "point" ? reachPx + 5 : reachPx) / size, near = [];
      for (const i of rowsIn(layer, [x - reach, y - reach, x + reach, y + reach])) {
        if (codeOf(layer, i) < 0) continue;
        if (layer.kind === "polygon") { if (inside(layer, i, x, y)) near.push([0, i]); }
        else { const d = away(layer, i, x, y); if (d <= reach) near.push([d, i]); }
      }
      near.sort((a, b) => a[0] - b[0]).slice(0, 5).forEach(([, row]) => out.push({ layer, row }));
    }
    return out;
  }

  function card(hits, number) {
    const { layer, row } = hits[number], out = el("div", "lyd-popup");
    const head = el("div", "lyd-of", layer.title);
    if (hits.length > 1) {
      const next = el("button", "", words("Next") + " " + (number + 1) + "/" + hits.length);
      next.onclick = (e) => { L.DomEvent.stop(e); show(hits, (number + 1) % hits.length); };
      head.append(next);
    }
    out.append(head, el("h2", "", nameOf(layer, row) || words("no name")));
    const table = el("table");
    layer.columns.forEach((column, at) => {
      const text = value(column, row);
      if (!column.title || at === layer.name || (text === undefined && !column.personal)) return;
      const line = el("tr");
      line.append(el("th", "", column.title), el("td", column.personal ? "soft" : "", column.personal ? "＊＊＊ " + words("hidden (personal)") : text));
      table.append(line);
    });
    out.append(table);
    return out;
  }

  const popup = L.popup({ maxWidth: 340, autoPanPaddingTopLeft: [10, 10] });
  let where = null;
  function show(hits, number, latlng) {
    where = latlng || where;
    chosen = hits[number];
    popup.setLatLng(where).setContent(card(hits, number)).openOn(map);
    sheet.again();
  }

  // --- page ---------------------------------------------------------------------------------------------------------

  const container = map.getContainer(), bar = el("div", "lyd-bar"), names = el("div", "lyd-names");
  names.append(el("h1", "", content.title), el("p", "", content.subtitle));
  const search = el("div", "lyd-search"), input = el("input"), hitList = el("div", "lyd-hits");
  input.type = "search"; input.placeholder = words("Search by name"); input.setAttribute("aria-label", words("Search by name"));
  search.append(input, hitList);
  const openLayers = el("button", "lyd-button lyd-open-layers", words("Layers and legend")), openAbout = el("button", "lyd-button lyd-open-about", words("About this map"));
  bar.append(names, search, openLayers, openAbout);
  container.before(bar);

  const panel = el("div", "lyd-panel"), scroll = el("div", "lyd-scroll"), panelHead = el("header"), shut = el("button", "lyd-close", "×");
  shut.title = words("Close");
  panelHead.append(el("span", "", words("Layers and legend")), shut);
  panel.append(panelHead, scroll);
  container.append(panel);
  L.DomEvent.disableClickPropagation(panel); L.DomEvent.disableScrollPropagation(panel);
  openLayers.onclick = () => { panel.hidden = !panel.hidden; };
  shut.onclick = () => { panel.hidden = true; };
  panel.hidden = container.clientWidth < 700;

  const swatches = [];
  function drawSwatches() {
    for (const [canvas, look] of swatches) {
      const ctx = canvas.getContext("2d"), [w, h] = [26, 18];
      ctx.setTransform(2, 0, 0, 2, 0, 0); ctx.clearRect(0, 0, w, h); ctx.setLineDash([]);
      const isLine = look.length > 0 && look.every((s) => s[0] === "s") && !look.some((s) => s[0] === "f");
      for (const step of look) {
        if (step[0] === "f") { ctx.fillStyle = step[3] ? pattern(ctx, step[2], step[3]) : step[2]; ctx.fillRect(2, 3, w - 4, h - 6); }
        else if (step[0] === "i") { ctx.strokeStyle = step[2]; ctx.lineWidth = 4; ctx.globalAlpha = 0.5; ctx.strokeRect(4, 5, w - 8, h - 10); ctx.globalAlpha = 1; }
        else if (step[0] === "s") {
          ctx.strokeStyle = step[2]; ctx.lineWidth = step[3]; ctx.setLineDash(step[6]); ctx.beginPath();
          if (isLine) { ctx.moveTo(1, h / 2); ctx.lineTo(w - 1, h / 2); } else ctx.rect(2, 3, w - 4, h - 6);
          ctx.stroke(); ctx.setLineDash([]);
        } else if (step[0] === "m") { const [number, size] = step[1]["0"], s = sprites[number], f = size / s.size; mark(ctx, w / 2, h / 2 + (s.y - s.h / 2) * f, number, size, 0); }
        else if (step[0] === "r") {
          const ramp = ctx.createLinearGradient(1, 0, w - 1, 0);
          step[1].forEach((color, i) => ramp.addColorStop(step[1].length > 1 ? i / (step[1].length - 1) : 0, color));
          ctx.fillStyle = ramp; ctx.fillRect(1, 3, w - 2, h - 6);
        }
      }
    }
  }
  function swatch(look) {
    const canvas = el("canvas");
    canvas.width = 52; canvas.height = 36; canvas.style.width = "26px"; canvas.style.height = "18px";
    swatches.push([canvas, look]);
    return canvas;
  }

  const lines = [], byId = Object.fromEntries(content.layers.map((layer) => [layer.id, layer]));
  function update() {
    const zoom = Math.round(map.getZoom());
    for (const { layer, row, box } of lines) {
      box.checked = layer.visible;
      row.classList.toggle("off", !layer.visible);
      row.classList.toggle("far", layer.visible && !isShown(layer, zoom));
    }
  }
  function turn(layers, on) {
    layers.forEach((layer) => { layer.visible = on; });
    if (chosen && !chosen.layer.visible) { chosen = null; map.closePopup(popup); }
    update(); sheet.again();
  }
  function buildPanel() {
    for (const group of content.legend) {
      const own = group.layers.map((l) => byId[l.id]).filter(Boolean), head = el("div", "lyd-group");
      head.append(el("span", "", group.title));
      if (own.length > 1) for (const [text, on] of [["All on", true], ["All off", false]]) {
        const button = el("button", "", words(text));
        button.onclick = () => turn(own, on);
        head.append(button);
      }
      scroll.append(head);
      for (const entry of group.layers) {
        const layer = byId[entry.id], row = el("div", "lyd-layer"), label = el("label");
        if (layer) {
          const box = el("input");
          box.type = "checkbox"; box.dataset.layer = layer.id;
          box.onchange = () => turn([layer], box.checked);
          label.append(box);
          lines.push({ layer, row, box });
        }
        const single = entry.entries.length === 1 && entry.entries[0][0] === entry.title;
        if (single) label.append(swatch(entry.entries[0][1]));
        label.append(el("span", "", entry.title), el("small", "", words("shown when zoomed in")));
        row.append(label);
        if (!single) for (const [title, look] of entry.entries) {
          const line = el("div", "lyd-entry");
          if (look.length) line.append(swatch(look));
          line.append(el("span", "", title));
          row.append(line);
        }
        scroll.append(row);
      }
    }
    if (base.length) {
      const row = el("div", "lyd-layer"), label = el("label"), box = el("input");
      box.type = "checkbox"; box.checked = true; box.dataset.layer = "";
      box.onchange = () => { baseOn = box.checked; chooseBase(); };
      label.append(box, el("span", "", words("Base picture"))); row.append(label);
      scroll.append(el("div", "lyd-group"), row);
    }
  }

  const about = el("div", "lyd-about"), sheetOfNotes = el("div"), aboutHead = el("header"), aboutShut = el("button", "lyd-close", "×");
  aboutShut.title = words("Close");
  aboutHead.append(el("h2", "", words("About this map")), aboutShut);
  const facts = el("dl");
  content.facts.forEach(([label, text]) => facts.append(el("dt", "", label), el("dd", "", text)));
  const notes = el("ul");
  content.notes.forEach((text) => notes.append(el("li", "", text)));
  sheetOfNotes.append(aboutHead, facts, notes);
  if (content.verdict.findings.length) {
    const list = el("ul");
    content.verdict.findings.forEach((f) => list.append(el("li", "", f.message)));
    sheetOfNotes.append(el("h3", "", words("Check before export")), list);
  }
  about.append(sheetOfNotes); about.hidden = true;
  container.append(about);
  L.DomEvent.disableClickPropagation(about); L.DomEvent.disableScrollPropagation(about);
  openAbout.onclick = () => { about.hidden = false; };
  aboutShut.onclick = () => { about.hidden = true; };
  about.onclick = (e) => { if (e.target === about) about.hidden = true; };

  if (content.stamps.length) {
    const stamps = el("div", "lyd-stamp");
    content.stamps.forEach((said) => { const one = el("div"); said.forEach((text) => one.append(el("div", "", text))); one.querySelectorAll("div").forEach((d) => { d.style.border = d.style.padding = "0"; }); stamps.append(one); });
    container.append(stamps);
  }
  if (content.watermark) container.append(el("div", "lyd-water", content.watermark));

  // --- search -------------------------------------------------------------------------------------------------------

  let found = [], active = -1;
  function look(text) {
    found = []; active = -1;
    const wanted = text.trim().toLowerCase();
    if (wanted) for (let k = content.layers.length - 1; k >= 0; k--) {
      const layer = content.layers[k];
      for (let row = 0; row < layer.n; row++) {
        const name = nameOf(layer, row), at = name === undefined ? -1 : name.toLowerCase().indexOf(wanted);
        if (at >= 0) found.push({ layer, row, name, rank: (name.length === wanted.length ? 0 : 1) + at / 100 + name.length / 1e4 });
      }
    }
    found.sort((a, b) => a.rank - b.rank);
    found = found.slice(0, 40);
    hitList.replaceChildren(...found.map((hit) => {
      const button = el("button");
      button.append(el("b", "", hit.name), el("span", "", hit.layer.title));
      button.firstChild.style.fontWeight = 400;
      button.onclick = () => go(hit);
      return button;
    }));
    if (wanted && !found.length) hitList.append(el("p", "", words("Nothing found")));
  }
  function go(hit) {
    const { layer, row } = hit, b = layer.boxes.subarray(4 * row, 4 * row + 4);
    hitList.replaceChildren();
    if (container.clientWidth < 700) { panel.hidden = true; input.blur(); }
    if (!layer.visible) turn([layer], true);
    const box = L.latLngBounds([[latOf(b[1]), lonOf(b[0])], [latOf(b[3]), lonOf(b[2])]]);
    let zoom = Math.min(layer.kind === "point" ? 14 : 16, map.getBoundsZoom(box.pad(0.15)));
    while (zoom < lastZoom && !isShown(layer, zoom)) zoom++;
    const [mx, my] = place(layer, row), at = L.latLng(latOf(my), lonOf(mx));
    map.setView(layer.kind === "point" ? at : box.getCenter(), zoom, { animate: false });
    show([hit], 0, at);
  }
  const lonOf = (x) => x * 360 - 180, latOf = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  input.oninput = () => look(input.value);
  input.onkeydown = (e) => {
    if (e.key === "Escape") hitList.replaceChildren();
    if (e.key === "Enter" && found.length) go(found[Math.max(0, active)]);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      active = Math.min(found.length - 1, Math.max(0, active + (e.key === "ArrowDown" ? 1 : -1)));
      [...hitList.children].forEach((b, i) => b.classList.toggle("on", i === active));
      e.preventDefault();
    }
  };

  // --- map ----------------------------------------------------------------------------------------------------------

  const [west, south, east, north] = content.bounds, home = L.latLngBounds([[south, west], [north, east]]);
  const base = content.base.map((b) => Object.assign(L.imageOverlay(b.src, b.bounds, { zIndex: 1 }), { zoom: b.zoom }));
  let baseOn = true;
  function chooseBase() {
    const zoom = map.getZoom();
    let best = base.findIndex((b) => b.zoom >= zoom - 0.3);
    if (best < 0) best = base.length - 1;
    base.forEach((b, i) => { if (baseOn && i === best) { if (!map.hasLayer(b)) b.addTo(map); b.bringToBack(); } else b.remove(); });
  }

  content.layers.forEach(prepare);
  if (map.attributionControl) map.attributionControl.remove();
  map.invalidateSize();
  map.options.zoomSnap = 0.25;
  map.fitBounds(home, { animate: false, paddingBottomRight: panel.hidden ? [0, 0] : [282, 0] });
  map.setMinZoom(Math.max(3, Math.floor(map.getZoom()) - 2)); map.setMaxZoom(lastZoom);
  map.setMaxBounds(home.pad(1));
  L.control.zoom({ position: "topleft", zoomInTitle: words("Zoom in"), zoomOutTitle: words("Zoom out") }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
  const sheet = new Sheet();
  sheet.addTo(map);
  buildPanel(); drawSwatches(); update(); chooseBase();
  map.on("zoomend", () => { update(); chooseBase(); });
  map.on("click", (e) => { const hits = hitsAt(e.latlng, L.Browser.mobile ? 12 : 6, 12); hitList.replaceChildren(); if (hits.length) show(hits, 0, e.latlng); });
  map.on("popupclose", () => { chosen = null; sheet.again(); });

  const tip = L.tooltip({ className: "lyd-tip", direction: "top", offset: [0, -6] });
  let waiting = false;
  map.on("mousemove", (e) => {
    if (waiting || L.Browser.mobile) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const hit = hitsAt(e.latlng, 4, 1)[0], text = hit && nameOf(hit.layer, hit.row);
      container.style.cursor = hit ? "pointer" : "";
      if (text) tip.setLatLng(e.latlng).setContent(document.createTextNode(text)).addTo(map);
      else tip.remove();
    });
  });
  map.on("mouseout", () => tip.remove());
  window.lydMap = { map, content, hitsAt, sheet };
}
