// SPDX-License-Identifier: Apache-2.0
// A setting is moved: it is sent, the graph that comes back is taken, or the failure.
import { batch } from './vendor/ui.js';
import { postValues, sender } from './event.js';
import * as store from './store.js';
import { t } from './words.js';

export function applySet(set) {
  batch(() => {
    if (set['map.graph']) store.graph.value = set['map.graph'];
    if (set['share.text'] !== undefined) store.share.value = set['share.text'];
    // A band that is no more is not shown any longer.
    for (const s of [store.left, store.right]) {
      const node = store.nodeOf(s);
      if (node && s.bands.value.some((b) => b >= node.bands.length)) s.bands.value = node.show;
    }
  });
}

function apply(answer, isLast) {
  batch(() => {
    store.failures.value = Object.fromEntries(
      answer.errors.map((e) => [e.param ?? '', e]));
    store.said.value = answer.errors.map((e) => `${e.text}. ${e.remedy}`).join(' ');
    if (answer.set) applySet(answer.set);
    if (isLast) store.isSending.value = false;
  });
}

const send = sender(async (moved) => {
  try {
    return await postValues(moved);
  } catch (error) {
    return { errors: [{ text: error.text ?? String(error), remedy: error.remedy ?? '' }] };
  }
}, apply);

/** `isRest`: the hand has left the slider, or the key has been pressed. */
export function change(id, text, usual, isRest = true) {
  const values = { ...store.values.value };
  if (text === usual) delete values[id];
  else values[id] = text;
  store.values.value = values;
  store.isDragging.value = !isRest;
  store.isSending.value = true;
  send({ values, changed: [id] });
}

export function resend() {
  send({ values: store.values.value, changed: [] });
}

export function resetAll() {
  store.values.value = {};
  store.isDragging.value = false;
  store.said.value = t('All settings are as the graph has them');
  send({ values: {}, changed: [] });
}
