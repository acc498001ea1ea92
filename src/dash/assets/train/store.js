// SPDX-License-Identifier: Apache-2.0
// What the training page knows: its runs, and how they are looked at.
import { computed, effect, signal } from '../vendor/ui.js';
import { newCurve } from './curves.js';

export const state = signal({ is: 'opening' }); // opening, ready, failed
export const series = signal([]);
export const hasMap = signal(false);
export const runs = signal([]);
export const link = signal('opening'); // live, away, hidden, opening
export const said = signal(''); // the polite live region
export const tick = signal(0); // curves have grown

export const chosen = signal(0); // whose state, pictures and buttons are shown
export const axis = signal('step'); // step, time, epoch
export const isLog = signal(false);
export const smoothing = signal(0.02); // share of what is shown
export const metric = signal('');
export const zoom = signal(null); // [from, to] of the axis, null: all
export const cursor = signal(null); // a place on the axis
export const cell = signal(null); // {truth, prediction} of the confusion matrix
export const gallery = signal('worst'); // worst, sample

export function newRun({ name, path }, id) {
  return {
    id, name, path, curve: newCurve(series.value), detail: null, generation: -1, rows: 0, isLoading: false, late: [],
    epochs: signal([]), notes: signal([]), status: signal(null), parts: signal({}), isShown: signal(true), seen: signal(0),
  };
}
export const current = computed(() => runs.value[chosen.value] ?? null);
export const shown = computed(() => runs.value.filter((r) => r.isShown.value));

/** How it is looked at stands in the address: copy it, see the same. */
export function followAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const run = Number(words.get('run')), share = Number(words.get('smooth'));
  if (runs.value[run]) chosen.value = run;
  if (['step', 'time', 'epoch'].includes(words.get('x'))) axis.value = words.get('x');
  isLog.value = words.get('log') === '1';
  if (words.has('smooth') && share >= 0 && share <= 0.3) smoothing.value = share;
  if (words.has('metric')) metric.value = words.get('metric');
  for (const id of (words.get('hide') ?? '').split('.').filter(Boolean))
    if (runs.value[+id]) runs.value[+id].isShown.value = false;
  let timer = 0;
  effect(() => {
    const now = new URLSearchParams({ run: chosen.value, x: axis.value, smooth: smoothing.value });
    if (isLog.value) now.set('log', '1');
    if (metric.value) now.set('metric', metric.value);
    const hidden = runs.value.filter((r) => !r.isShown.value).map((r) => r.id).join('.');
    if (hidden) now.set('hide', hidden);
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, '', `#${now}`), 250);
  });
}
