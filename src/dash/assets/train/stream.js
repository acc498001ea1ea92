// SPDX-License-Identifier: Apache-2.0
// News of the runs, ten times a second: one stream, none while the page is hidden.
import { batch } from '../vendor/ui.js';
import { ask } from '../event.js';
import * as store from './store.js';
import { add, decode } from './curves.js';

const NOTES = 32;

async function fetchCurve(run, query) {
  const answer = await fetch(`api/runs/${run.id}/curves?${query}`);
  if (!answer.ok) throw new Error(`curves: ${answer.status}`);
  return decode(await answer.arrayBuffer(), store.series.value);
}

/** The whole curve anew; rows that come meanwhile are put behind it. */
async function load(run) {
  if (run.isLoading) {
    run.isStale = true;
    return;
  }
  run.isLoading = true;
  run.isStale = false;
  run.late = [];
  try {
    const { head, curve } = await fetchCurve(run, 'px=1000');
    batch(() => {
      Object.assign(run, { curve, detail: null, generation: head.generation, rows: head.rows });
      run.epochs.value = head.epochs;
      for (const news of run.late) grow(run, news);
      store.tick.value += 1;
    });
  } catch {
    run.generation = -1; // the next news ask again
  }
  run.isLoading = false;
  run.late = [];
  if (run.isStale) load(run);
}

/** Exact rows of what the axis is zoomed to. */
export async function loadDetail(run, from, to) {
  try {
    const { head, curve } = await fetchCurve(run, `px=1500&from=${from}&to=${to}`);
    if (head.generation === run.generation) run.detail = curve;
    store.tick.value += 1;
  } catch { /* the coarse curve stays */ }
}

function grow(run, news) {
  if (news.generation !== run.generation) return;
  (news.rows ?? []).forEach((row, i) => {
    // Of many rows the stream leaves some out; the last of them always comes.
    const number = news.total - 1 - (news.rows.length - 1 - i);
    if (number >= run.rows) add(run.curve, row);
  });
  if (news.rows) run.rows = Math.max(run.rows, news.total);
  const known = run.epochs.value;
  const fresh = (news.epochs ?? []).slice(Math.max(0, known.length - news.epoch));
  if (fresh.length) run.epochs.value = [...known, ...fresh];
}

function take(run, news) {
  if (news.status) run.status.value = news.status;
  run.seen.value = performance.now() - 1000 * (news.age ?? 0);
  if (news.notes) run.notes.value = [...run.notes.value, ...news.notes].slice(-NOTES);
  if (Object.keys(news.parts).length) run.parts.value = { ...run.parts.value, ...news.parts };
  if (news.again || news.generation !== run.generation) {
    if (run.isLoading) run.late.push(news);
    load(run);
  } else if (run.isLoading) {
    run.late.push(news);
  } else {
    grow(run, news);
  }
}

export function hear(news) {
  batch(() => {
    if (news.count > store.runs.value.length) meetNew();
    for (const part of news.runs) {
      const run = store.runs.value[part.run];
      if (run) take(run, part);
    }
    store.tick.value += 1;
  });
}

async function meetNew() {
  const page = await ask('api/page/train');
  const known = store.runs.value;
  store.runs.value = [...known, ...page.runs.slice(known.length).map((r, i) => store.newRun(r, known.length + i))];
  reopen();
}

let source = null, last = '', timer = 0;

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function reopen() {
  close();
  if (document.hidden) {
    store.link.value = 'hidden';
    return;
  }
  source = new EventSource(`api/stream?from=${encodeURIComponent(last)}`);
  source.onmessage = (e) => {
    last = e.lastEventId;
    store.link.value = 'live';
    hear(JSON.parse(e.data));
  };
  source.onopen = () => { store.link.value = 'live'; };
  source.onerror = () => {
    store.link.value = 'away';
    if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
    close();
    timer = setTimeout(reopen, 3000);
  };
}

export function follow() {
  document.addEventListener('visibilitychange', reopen);
  reopen();
}
