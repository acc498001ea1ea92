// SPDX-License-Identifier: Apache-2.0
// The list of runs with their colours, and the one that is looked at: how far, how fast,
// what can be asked of it.
import { html, useEffect, useState } from '../vendor/ui.js';
import { ask } from '../event.js';
import { number, t } from '../words.js';
import { colourOf, dashOf } from './chart.js';
import * as store from './store.js';

const SILENT_S = 60;

export function duration(seconds) {
  if (!(seconds >= 0)) return '–';
  const s = Math.round(seconds);
  if (s < 60) return t('{0} s', s);
  if (s < 3600) return t('{0} min {1} s', Math.floor(s / 60), s % 60);
  return t('{0} h {1} min', Math.floor(s / 3600), Math.floor((s % 3600) / 60));
}

const stateWords = () => ({ running: t('running'), paused: t('paused'), done: t('done'), stopped: t('stopped'), failed: t('failed') });

function Swatch({ id }) {
  return html`<svg class="swatch" width="30" height="12" aria-hidden="true">
    <path d="M1 6H29" style=${{ stroke: `var(${colourOf(id)})`, strokeDasharray: dashOf(id).join(' ') }} /></svg>`;
}

function Entry({ run }) {
  const status = run.status.value, best = status?.best;
  return html`<li>
    <label class="shows"><input type="checkbox" checked=${run.isShown.value} aria-label=${t('Show {0} in the charts', run.name)}
      onChange=${(e) => { run.isShown.value = e.target.checked; }} /><${Swatch} id=${run.id} /></label>
    <button class="name" aria-pressed=${store.chosen.value === run.id} title=${run.path}
      onClick=${() => { store.chosen.value = run.id; store.cell.value = null; }}>${run.name}</button>
    <span class="about">${status ? stateWords()[status.state] ?? status.state : '–'}
      ${best?.value !== undefined && html` · ${best.metric ?? ''} ${number(best.value, 4)}`}</span>
  </li>`;
}

export function Runs() {
  return html`<section aria-labelledby="runs-title"><h2 id="runs-title">${t('Runs')}</h2>
    <ul class="runs">${store.runs.value.map((run) => html`<${Entry} run=${run} key=${run.id} />`)}</ul>
  </section>`;
}

// ---- Words to the run. Stopping is asked for twice.
async function tell(run, command, words) {
  try {
    await ask(`api/runs/${run.id}/control`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ command }),
    });
    store.said.value = words;
    return null;
  } catch (error) {
    store.said.value = `${error.text}. ${error.remedy ?? ''}`;
    return error;
  }
}

function Buttons({ run }) {
  const [isAsking, setAsking] = useState(false), [error, setError] = useState(null), [done, setDone] = useState('');
  const state = run.status.value?.state;
  const isOver = state && state !== 'running' && state !== 'paused';
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setAsking(false), 5000);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const send = (command, words) => async () => {
    setAsking(false);
    const failed = await tell(run, command, words);
    setError(failed);
    setDone(failed ? '' : words);
  };
  return html`<div class="buttons" role="group" aria-label=${t('Commands to the run')}>
    ${state === 'paused'
      ? html`<button disabled=${isOver} onClick=${send('resume', t('Asked to go on'))}>${t('Go on')}</button>`
      : html`<button disabled=${isOver} onClick=${send('pause', t('Asked to pause'))}>${t('Pause')}</button>`}
    <button disabled=${isOver} onClick=${send('save', t('Asked to save'))}>${t('Save now')}</button>
    <button disabled=${isOver} class=${isAsking ? 'sure' : ''}
      onClick=${isAsking ? send('stop', t('Asked to stop')) : () => setAsking(true)}>${isAsking ? t('Really stop?') : t('Stop')}</button>
    ${done && html`<p class="hint">${done}</p>`}
    ${error && html`<p class="failure">${error.text}<br />${error.remedy}</p>`}
  </div>`;
}

function useSeconds() {
  const [, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => set((n) => n + 1), 5000);
    return () => clearInterval(timer);
  }, []);
}

function Alive({ run }) {
  useSeconds();
  const silent = (performance.now() - run.seen.value) / 1000;
  if (run.status.value?.state !== 'running' || silent < SILENT_S) return null;
  return html`<p class="failure">${t('No word from it for {0}', duration(silent))}</p>`;
}

export function Current() {
  const run = store.current.value;
  if (!run) return null;
  const s = run.status.value, notes = run.notes.value.slice(-5);
  const fact = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<section aria-labelledby="run-title"><h2 id="run-title">${run.name}</h2>
    ${!s && html`<p class="hint">${t('It has not said how it is')}</p>`}
    ${s && html`
      <progress max=${s.steps || 1} value=${s.step ?? 0} aria-label=${t('Progress')}></progress>
      <dl class="facts">
        ${fact(t('State'), stateWords()[s.state] ?? s.state)}
        ${fact(t('Epoch'), t('{0} of {1}', number(s.epoch ?? null), number(s.epochs ?? null)))}
        ${fact(t('Step'), t('{0} of {1}', number(s.step ?? null), number(s.steps ?? null)))}
        ${s.state === 'running' && fact(t('Time left'), duration(s.eta_s))}
        ${fact(t('Pictures per second'), number(s.img_s ?? null, 4))}
        ${s.best && fact(t('Best'), html`${s.best.metric ?? ''} ${number(s.best.value ?? null, 4)}, ${t('epoch {0}', number(s.best.epoch ?? null))}`)}
      </dl>`}
    <${Alive} run=${run} />
    <${Buttons} run=${run} key=${run.id} />
    ${notes.length > 0 && html`<ul class="notes" aria-label=${t('Events')}>${notes.map((n) => html`<li>${n.step !== undefined && html`<span class="hint">${t('step {0}', number(n.step, 9))}</span>`} ${n.what}${n.text && html` · ${n.text}`}</li>`)}</ul>`}
  </section>`;
}
