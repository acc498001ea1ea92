// SPDX-License-Identifier: Apache-2.0
// Tiles from the server: four at a time, kept for a while, dropped when nobody waits.
import { viewer } from '../event.js';
import * as store from '../store.js';
import { language } from '../words.js';

const MOST_BYTES = 96 << 20;
const TOGETHER = 4;
const HEAD = 16;

/**
 * @typedef {{width:number, height:number, truth:number, bands:Float32Array[]}} Tile
 * Decodes NDT1: u16 (0 is no data), f32 or u8 (255). No data becomes NaN.
 * @param {ArrayBuffer} buffer @returns {Tile}
 */
export function decode(buffer) {
  const head = new DataView(buffer);
  if (head.getUint32(0, false) !== 0x4e445431) throw new Error('not a tile');
  const form = head.getUint8(4), count = head.getUint8(5), truth = head.getUint8(6);
  const width = head.getUint16(8, true), height = head.getUint16(10, true);
  const pixels = width * height, bands = [];
  let at = HEAD + 8 * count;
  for (let b = 0; b < count; b++) {
    const offset = head.getFloat32(HEAD + 8 * b, true), scale = head.getFloat32(HEAD + 8 * b + 4, true);
    if (form === 2) {
      bands.push(new Float32Array(buffer, at, pixels));
      at += 4 * pixels;
      continue;
    }
    const q = form === 1 ? new Uint16Array(buffer, at, pixels) : new Uint8Array(buffer, at, pixels);
    const hole = form === 1 ? 0 : 255, first = form === 1 ? 1 : 0;
    const out = new Float32Array(pixels);
    for (let i = 0; i < pixels; i++) out[i] = q[i] === hole ? NaN : offset + scale * (q[i] - first);
    bands.push(out);
    at += pixels * (form === 1 ? 2 : 1);
  }
  return { width, height, truth, bands };
}

const kept = new Map(); // address → Tile, oldest first
let keptBytes = 0;
const waiting = [];
let underWay = 0;

const bytesOf = (tile) => tile.bands.length * tile.width * tile.height * 4;

function keep(address, tile) {
  kept.set(address, tile);
  keptBytes += bytesOf(tile);
  for (const [name, old] of kept) {
    if (keptBytes <= MOST_BYTES) break;
    kept.delete(name);
    keptBytes -= bytesOf(old);
  }
}

async function fetchTile(job) {
  for (let turn = 0; ; turn++) {
    const answer = await fetch(job.address, { signal: job.signal, headers: { 'Nadir-View': viewer.header, 'Accept-Language': language.value } });
    if (answer.ok) return decode(await answer.arrayBuffer());
    // 410: a newer generation came between; 503: too many; 404: forgotten.
    const isSoon = answer.status === 410 || answer.status === 503;
    if (!isSoon || turn > 5) {
      const told = await answer.json().catch(() => ({ text: `${answer.status}` }));
      throw { status: answer.status, ...told };
    }
    await new Promise((go) => setTimeout(go, 100 << turn)); // by then it may not be wanted any more
    if (job.signal.aborted) throw new DOMException('left', 'AbortError');
  }
}

function pump() {
  while (underWay < TOGETHER && waiting.length) {
    const job = waiting.shift();
    if (job.signal.aborted) {
      job.fail(new DOMException('left', 'AbortError'));
      continue;
    }
    underWay += 1;
    fetchTile(job).then((tile) => { keep(job.address, tile); job.done(tile); }, job.fail)
      .finally(() => { underWay -= 1; store.loading.value = underWay + waiting.length; pump(); });
  }
  store.loading.value = underWay + waiting.length;
}

/** @returns {Promise<Tile>} */
export function load(address, signal) {
  const tile = kept.get(address);
  if (tile) {
    kept.delete(address);
    kept.set(address, tile);
    return Promise.resolve(tile);
  }
  return new Promise((done, fail) => {
    waiting.push({ address, signal, done, fail });
    pump();
  });
}
