// SPDX-License-Identifier: Apache-2.0
// Natural Earth land 1:110m from TopoJSON to int16: per line a count, then pairs of
// longitude and latitude in 1/100 degree, each as a step from the one before.
import { readFileSync, writeFileSync } from 'node:fs';

const topo = JSON.parse(readFileSync('node_modules/world-atlas/land-110m.json'));
const [sx, sy] = topo.transform.scale, [ox, oy] = topo.transform.translate;
const UNIT = 100; // steps in a degree: int16 holds 327 degrees
const out = [];
for (const arc of topo.arcs) {
  let x = 0, y = 0, px = 0, py = 0;
  const line = [arc.length];
  for (const [dx, dy] of arc) {
    x += dx, y += dy;
    const qx = Math.round((x * sx + ox) * UNIT), qy = Math.round((y * sy + oy) * UNIT);
    line.push(qx - px, qy - py);
    px = qx, py = qy;
  }
  out.push(...line);
}
writeFileSync(process.argv[2], new Uint8Array(Int16Array.from(out).buffer));
