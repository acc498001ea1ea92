// SPDX-License-Identifier: Apache-2.0
// What is seen, taken along: the command that makes it, a picture, the values.
import { html, useState } from '../vendor/ui.js';
import * as store from '../store.js';
import { toPixel } from '../map/grid.js';
import { t } from '../words.js';

/** The part of the left picture that is on the screen, in pixels of level 0. */
function windowOf(grid, v) {
  const [c0, r0] = toPixel(grid, [v.x - v.width * v.resolution / 2, v.y + v.height * v.resolution / 2]);
  const [c1, r1] = toPixel(grid, [v.x + v.width * v.resolution / 2, v.y - v.height * v.resolution / 2]);
  const x = Math.max(0, Math.floor(c0)), y = Math.max(0, Math.floor(r0));
  const level = Math.max(0, Math.min(grid.levels, Math.round(Math.log2(v.resolution / grid.px))));
  return { r: [x, y, Math.min(grid.width, Math.ceil(c1)) - x, Math.min(grid.height, Math.ceil(r1)) - y], level };
}

function addressOf(name) {
  const s = store.left, node = store.nodeOf(s), grid = store.gridOf(s), v = store.view.value;
  if (!node || !grid || !v) return null;
  const { r, level } = windowOf(grid, v);
  if (r[2] < 1 || r[3] < 1) return null;
  const words = new URLSearchParams({ key: node.key, b: s.bands.value.join(), r: r.join(), level });
  if (name.endsWith('.png')) {
    const { low, high, gamma } = s.stretch.value;
    const three = s.bands.value.length === 3;
    words.set('s', three ? [0, 1, 2].flatMap((i) => [low[i], high[i]]).join() : `${low[0]},${high[0]}`);
    words.set('g', gamma);
    const band = node.bands[s.bands.value[0]];
    if (!three && band.kind !== 'class') words.set('ramp', s.ramp.value);
  }
  return `api/file/${name}?${words}`;
}

export function Downloads() {
  const png = addressOf('map.png'), tif = addressOf('map.tif');
  if (!png) return null;
  return html`<div class="downloads" role="group" aria-label=${t('Download what is on the screen')}>
    <a href=${png} download="map.png">PNG</a><a href=${tif} download="map.tif">GeoTIFF</a>
  </div>`;
}

export function share() {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try { await navigator.clipboard.writeText(store.share.value); } catch { return; }
    setCopied(true);
    store.said.value = t('Copied');
    setTimeout(() => setCopied(false), 2000);
  };
  return html`<section class="share" aria-labelledby="share-title">
    <div class="bar"><h2 id="share-title">${t('The same without the page')}</h2>
      <button onClick=${copy}>${isCopied ? t('Copied') : t('Copy')}</button></div>
    <pre tabindex="0" aria-label=${t('Command line')}><code>${store.share.value}</code></pre>
  </section>`;
}
