// SPDX-License-Identifier: Apache-2.0
// Where on the Earth: coast lines and the outline of what is shown, on a small canvas.
const UNIT = 100; // steps of a degree in coast.bin

let coast;
async function lines() {
  const answer = await fetch(new URL('../vendor/coast.bin', import.meta.url));
  const n = new Int16Array(await answer.arrayBuffer()), out = [];
  for (let i = 0; i < n.length;) {
    const count = n[i++], line = [];
    for (let k = 0, x = 0, y = 0; k < count; k++) {
      x = (x + n[i++]) << 16 >> 16, y += n[i++]; // steps over the date line wrap
      line.push([x / UNIT, y / UNIT]);
    }
    out.push(line);
  }
  return out;
}

/** The outline from the mesh of 9 x 9 points. */
export function outlineOf(grid) {
  if (!grid?.lonlat) return null;
  const at = (i, j) => [grid.lonlat[2 * (j * 9 + i)], grid.lonlat[2 * (j * 9 + i) + 1]];
  const out = [];
  for (let i = 0; i < 9; i++) out.push(at(i, 0));
  for (let j = 1; j < 9; j++) out.push(at(8, j));
  for (let i = 7; i >= 0; i--) out.push(at(i, 8));
  for (let j = 7; j > 0; j--) out.push(at(0, j));
  return out.every((p) => p.every(Number.isFinite)) ? out : null;
}

export async function draw(canvas, outline) {
  coast ??= await lines();
  const css = getComputedStyle(canvas), scale = devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  canvas.width = width * scale, canvas.height = height * scale;
  const g = canvas.getContext('2d');
  g.scale(scale, scale);
  const lon = outline.reduce((s, p) => s + p[0], 0) / outline.length;
  const lat = outline.reduce((s, p) => s + p[1], 0) / outline.length;
  const tall = 40; // degrees of latitude seen
  const k = height / tall, squeeze = Math.max(0.2, Math.cos(lat * Math.PI / 180));
  const middle = Math.max(-90 + tall / 2, Math.min(90 - tall / 2, lat));
  const turn = (d) => ((d + 540) % 360) - 180;
  const at = ([x, y]) => [width / 2 + turn(x - lon) * squeeze * k, height / 2 - (y - middle) * k];
  const stroke = (points, isClosed) => {
    g.beginPath();
    let last = null;
    for (const p of points) {
      const q = at(p);
      if (last === null || Math.abs(q[0] - last) > width) g.moveTo(...q);
      else g.lineTo(...q);
      last = q[0];
    }
    if (isClosed) g.closePath();
    g.stroke();
  };
  g.strokeStyle = css.getPropertyValue('--faint');
  g.lineWidth = 1;
  for (const line of coast) stroke(line, false);
  g.strokeStyle = g.fillStyle = css.getPropertyValue('--strong');
  g.lineWidth = 2;
  stroke(outline, true);
  const [x, y] = at([lon, lat]);
  g.beginPath();
  g.arc(x, y, 2.5, 0, 7);
  g.fill();
}
