// SPDX-License-Identifier: Apache-2.0
// Lines on a canvas: bands of what lies between, smoothed means, marks; one cursor for all.
import { html, useEffect, useRef } from '../vendor/ui.js';
import { number, t } from '../words.js';
import { theme } from '../theme.js';
import { columns, extent, nearest, ticks } from './curves.js';

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
export const dashOf = (i) => DASHES[Math.floor(i / 3) % 4];
export const COLOURS = 10;
export const colourOf = (i) => `--run-${i % COLOURS}`;
const LEFT = 58, RIGHT = 12, TOP = 8, BOTTOM = 24;

function scales(spec, width, height) {
  const { window, isLog, isLogX } = spec;
  let x = window;
  if (!x) {
    const ends = spec.lines.filter((l) => l.x.length).flatMap((l) => [l.x[0], l.x[l.x.length - 1]]);
    x = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
    if (!(x[1] > x[0])) x = [x[0], x[0] + 1];
  }
  const y = extent(spec.lines, window, isLog);
  if (!y) return null;
  const on = (v, [from, to], log) => (log ? Math.log(v / from) / Math.log(to / from) : (v - from) / (to - from));
  return {
    x, y,
    px: (v) => LEFT + on(v, x, isLogX) * (width - LEFT - RIGHT),
    py: (v) => TOP + (1 - on(v, y, isLog)) * (height - TOP - BOTTOM),
    back: (p) => {
      const share = Math.min(1, Math.max(0, (p - LEFT) / (width - LEFT - RIGHT)));
      return isLogX ? x[0] * (x[1] / x[0]) ** share : x[0] + share * (x[1] - x[0]);
    },
  };
}

function grid(g, s, spec, ink, faint, width, height) {
  g.font = '12px system-ui, sans-serif';
  g.lineWidth = 1;
  g.strokeStyle = faint;
  g.fillStyle = ink;
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  for (const v of ticks(...s.y, Math.max(2, height / 36), spec.isLog)) {
    const y = Math.round(s.py(v)) + 0.5;
    g.beginPath(); g.moveTo(LEFT, y); g.lineTo(width - RIGHT, y); g.stroke();
    g.fillText(number(v, 4), LEFT - 6, y);
  }
  g.textAlign = 'center';
  g.textBaseline = 'top';
  for (const v of ticks(...s.x, Math.max(2, width / 90), spec.isLogX)) {
    const x = Math.round(s.px(v)) + 0.5;
    g.beginPath(); g.moveTo(x, height - BOTTOM); g.lineTo(x, height - BOTTOM + 4); g.stroke();
    g.fillText(spec.xText ? spec.xText(v) : number(v, 5), Math.min(Math.max(x, LEFT), width - RIGHT - 12), height - BOTTOM + 6);
  }
}

function trace(g, s, x, y, spec) {
  let isDown = false, px = 0, py = 0;
  g.beginPath();
  for (let i = 0; i < x.length; i++) {
    if (!(y[i] > -Infinity && y[i] < Infinity) || (spec.isLog && !(y[i] > 0))) { // NaN: a gap
      isDown = false;
      continue;
    }
    const nx = s.px(x[i]), ny = s.py(y[i]);
    if (isDown && Math.abs(nx - px) < 0.7 && Math.abs(ny - py) < 0.7) continue; // less than a pixel
    px = nx, py = ny;
    if (isDown) g.lineTo(px, py);
    else g.moveTo(px, py);
    isDown = true;
  }
  g.stroke();
}

function band(g, s, line, spec) {
  const list = columns(line, s.px, s.py, spec.isLog ? s.y[0] : -Infinity);
  g.beginPath();
  for (let i = 0; i < list.length; i += 3) g.rect(list[i], list[i + 1], 1, Math.max(1, list[i + 2] - list[i + 1]));
  g.fill();
}

/** What lies above the axis is told by a mark at its upper end. */
function beyond(g, s, { x, high }) {
  for (let i = 0; i < x.length; i++) {
    if (!(high[i] > s.y[1]) || x[i] < s.x[0] || x[i] > s.x[1]) continue;
    const px = s.px(x[i]);
    g.beginPath(); g.moveTo(px - 4, TOP + 2); g.lineTo(px + 4, TOP + 2); g.lineTo(px, TOP - 5); g.fill();
  }
}

function lines(g, s, spec, css) {
  for (const line of spec.lines) {
    const colour = css.getPropertyValue(line.colour);
    g.strokeStyle = g.fillStyle = colour;
    g.setLineDash([]);
    if (line.low) {
      g.globalAlpha = 0.28;
      band(g, s, line, spec);
    }
    g.globalAlpha = 1;
    if (line.high) beyond(g, s, line);
    g.lineWidth = line.width ?? 1.8;
    g.setLineDash(line.dash ?? []);
    trace(g, s, line.x, line.y, spec);
    g.setLineDash([]);
    if (!line.isDotted) continue;
    for (let i = 0; i < line.x.length; i++) {
      if (!Number.isFinite(line.y[i])) continue;
      g.beginPath(); g.arc(s.px(line.x[i]), s.py(line.y[i]), line.x.length > 60 ? 1.8 : 3, 0, 7); g.fill();
    }
  }
}

function paint(canvas, spec) {
  if (!canvas) return null; // gone meanwhile
  const { clientWidth: width, clientHeight: height } = canvas;
  const density = Math.min(2, devicePixelRatio || 1);
  if (!width || !height) return null;
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  const g = canvas.getContext('2d'), css = getComputedStyle(canvas);
  g.setTransform(density, 0, 0, density, 0, 0);
  g.clearRect(0, 0, width, height);
  const s = scales(spec, width, height);
  if (!s) return null;
  const ink = css.getPropertyValue('--faint');
  grid(g, s, spec, ink, css.getPropertyValue('--line'), width, height);
  g.save();
  g.beginPath(); g.rect(LEFT, 0, width - LEFT - RIGHT + 1, height - BOTTOM); g.clip();
  lines(g, s, spec, css);
  for (const { at, colour, dash } of spec.marks ?? []) {
    if (!(at >= s.x[0] && at <= s.x[1])) continue;
    g.strokeStyle = css.getPropertyValue(colour);
    g.lineWidth = 1.5;
    g.setLineDash(dash ?? [4, 3]);
    g.beginPath(); g.moveTo(s.px(at), TOP); g.lineTo(s.px(at), height - BOTTOM); g.stroke();
  }
  g.restore();
  if (spec.cursor?.value >= s.x[0] && spec.cursor.value <= s.x[1]) {
    g.strokeStyle = ink;
    g.lineWidth = 1;
    const x = Math.round(s.px(spec.cursor.value)) + 0.5;
    g.beginPath(); g.moveTo(x, TOP); g.lineTo(x, height - BOTTOM); g.stroke();
  }
  return s;
}

/** Values of all lines at the cursor, in words. */
function reading(spec) {
  const at = spec.cursor?.value;
  if (at === null || at === undefined) return '';
  const parts = spec.lines.filter((l) => l.name).map((l) => {
    const i = nearest(l.x, at);
    return i < 0 || !Number.isFinite(l.y[i]) ? null : `${l.name} ${number(l.y[i], 4)}`;
  }).filter(Boolean);
  return parts.length ? `${spec.xText ? spec.xText(at) : number(at, 5)}: ${parts.join(' · ')}` : '';
}

function keys(e, spec, s) {
  const [from, to] = s.x, step = (to - from) / 100;
  const middle = spec.cursor.value ?? (from + to) / 2;
  const around = (factor) => {
    const half = (to - from) * factor / 2;
    spec.onZoom([middle - half, middle + half]);
  };
  const moves = {
    ArrowLeft: () => { spec.cursor.value = Math.max(from, middle - step); },
    ArrowRight: () => { spec.cursor.value = Math.min(to, middle + step); },
    Home: () => { spec.cursor.value = from; },
    End: () => { spec.cursor.value = to; },
    '+': () => around(0.5), '=': () => around(0.5), '-': () => (spec.window ? around(2) : null),
    0: () => spec.onZoom(null),
    Escape: () => { spec.cursor.value = null; spec.onZoom(null); },
  };
  if (e.ctrlKey || e.metaKey || e.altKey || !moves[e.key]) return;
  moves[e.key]();
  e.preventDefault();
  spec.say(reading(spec));
}

/**
 * spec: {title, summary, isEmpty, lines: [{name, x, y, low?, high?, colour, dash, isDotted}], marks, window, isLog, isLogX,
 * xText, cursor, onZoom, say}
 */
export function Chart({ spec, tick }) {
  const canvas = useRef(), now = useRef({});
  now.current.spec = spec;
  const draw = () => {
    if (now.current.isSeen) now.current.scales = paint(canvas.current, now.current.spec);
  };
  useEffect(() => {
    const sizes = new ResizeObserver(draw);
    const sight = new IntersectionObserver(([entry]) => {
      now.current.isSeen = entry.isIntersecting;
      draw();
    }, { rootMargin: '100%' });
    sizes.observe(canvas.current);
    sight.observe(canvas.current);
    return () => { sizes.disconnect(); sight.disconnect(); };
  }, []);
  useEffect(() => {
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [tick, spec, theme.value, spec.cursor?.value]);
  const place = (e) => now.current.scales?.back(e.clientX - canvas.current.getBoundingClientRect().left);
  const down = (e) => {
    if (!spec.onZoom || e.button !== 0) return;
    now.current.from = place(e);
    e.currentTarget.setPointerCapture(e.pointerId);
  };
  const up = (e) => {
    const from = now.current.from, to = place(e), s = now.current.scales;
    now.current.from = undefined;
    if (from === undefined || !s || Math.abs(s.px(from) - s.px(to)) < 8) return;
    spec.onZoom([Math.min(from, to), Math.max(from, to)]);
  };
  return html`<figure class="chart-box">
    <figcaption><b>${spec.title}</b> <span class="reading">${reading(spec)}</span></figcaption>
    <div class="plot" role="img" tabindex="0" aria-label=${`${spec.title}: ${spec.summary}`} aria-keyshortcuts="ArrowLeft ArrowRight + - 0"
      onKeyDown=${(e) => now.current.scales && spec.cursor && keys(e, spec, now.current.scales)}
      onPointerMove=${(e) => { if (spec.cursor) spec.cursor.value = place(e) ?? null; }}
      onPointerLeave=${() => { if (spec.cursor) spec.cursor.value = null; }}
      onPointerDown=${down} onPointerUp=${up} onDblClick=${() => spec.onZoom?.(null)}>
      <canvas ref=${canvas}></canvas>
      ${spec.isEmpty && html`<p class="hint none">${t('Nothing yet')}</p>`}
    </div>
  </figure>`;
}
