// SPDX-License-Identifier: Apache-2.0
// What is looked at, in the address: copy it, see the same.
import { batch, effect } from './vendor/ui.js';
import * as store from './store.js';

function write(s) {
  return `${encodeURIComponent(s.node.value)}:${s.bands.value.join('.')}:${s.ramp.value}`;
}

function read(s, text) {
  const [id, bands, ramp] = text.split(':');
  const node = store.graph.value.nodes.find((n) => n.id === decodeURIComponent(id));
  if (!node) return;
  store.showNode(s, node.id);
  const numbers = (bands ?? '').split('.').map(Number);
  if ([1, 3].includes(numbers.length) && numbers.every((b) => node.bands[b])) s.bands.value = numbers;
  if (store.ramps.value.some((r) => r.name === ramp)) s.ramp.value = ramp;
}

export const options = new URLSearchParams(location.hash.slice(1));

export function readAddress() {
  batch(() => {
    if (options.has('l')) read(store.left, options.get('l'));
    if (options.has('r')) read(store.right, options.get('r')), store.isCompared.value = true;
    const swipe = Number(options.get('swipe'));
    if (swipe > 0 && swipe < 1) store.swipe.value = swipe;
  });
  let timer = 0;
  effect(() => {
    const words = new URLSearchParams();
    words.set('l', write(store.left));
    if (store.isCompared.value) {
      words.set('r', write(store.right));
      words.set('swipe', store.swipe.value.toFixed(3));
    }
    const v = store.view.value;
    if (v) words.set('at', [v.x, v.y, v.resolution].map((n) => +n.toPrecision(9)).join(','));
    if (options.has('gl')) words.set('gl', options.get('gl'));
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, '', `#${words}`), 250);
  });
}
