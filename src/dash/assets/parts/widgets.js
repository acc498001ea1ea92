// SPDX-License-Identifier: Apache-2.0
// One widget per setting: its label, the thing to move, what is wrong with it.
import { html } from '../vendor/ui.js';
import * as store from '../store.js';
import { change } from '../change.js';
import { t } from '../words.js';

const textOf = (p) => store.values.value[p.part] ?? p.value ?? '';
const put = (p, text, isRest = true) => change(p.part, text, p.value ?? '', isRest);
const failureOf = (p) => store.failures.value[p.part];

function marks(p) {
  const failure = failureOf(p);
  return {
    id: p.part,
    'aria-invalid': failure ? 'true' : undefined,
    'aria-describedby': `${p.part}-help${failure ? ` ${p.part}-failure` : ''}`,
  };
}

function Field({ p, children, isGroup }) {
  const failure = failureOf(p), isMoved = store.values.value[p.part] !== undefined;
  const label = html`${p.label}${p.unit && html` <span class="unit">${p.unit}</span>`}`;
  const inside = html`
    ${isMoved && html`<button class="undo" title=${t('Back to what the graph says')}
      aria-label=${t('Back to what the graph says: {0}', p.label)} onClick=${() => put(p, p.value ?? '')}>↺</button>`}
    <div class="control">${children}</div>
    <p class="help" id="${p.part}-help">${t(p.help ?? '')}</p>
    ${failure && html`<p class="failure" id="${p.part}-failure">${failure.text}${failure.remedy && html`<br />${failure.remedy}`}</p>`}`;
  return isGroup
    ? html`<fieldset class="field"><legend>${label}</legend>${inside}</fieldset>`
    : html`<div class="field"><label for=${p.part}>${label}</label>${inside}</div>`;
}

// A logarithmic slider moves in a thousand steps between the logarithms of its ends.
function slider(p) {
  const text = textOf(p), isLog = p.log && p.min > 0;
  const at = isLog ? Math.round(1000 * Math.log(text / p.min) / Math.log(p.max / p.min)) : text;
  const moved = (e) => (isLog ? String(+(p.min * (p.max / p.min) ** (e.target.value / 1000)).toPrecision(3)) : e.target.value);
  return html`<${Field} p=${p}>
    <input type="range" ...${marks(p)} min=${isLog ? 0 : p.min} max=${isLog ? 1000 : p.max} step=${isLog ? 1 : p.step} value=${at}
      onInput=${(e) => put(p, moved(e), false)} onChange=${(e) => put(p, moved(e))} />
    <input type="number" aria-label=${t('{0}, as a number', p.label)} min=${p.least} max=${p.most} step="any" value=${text}
      onChange=${(e) => put(p, e.target.value === '' ? p.usual : e.target.value)} />
  <//>`;
}

function number(p) {
  const text = textOf(p);
  return html`<${Field} p=${p}><input type="number" ...${marks(p)} min=${p.least} max=${p.most} step="any"
    value=${Number.isFinite(+text) && text !== '' ? text : ''} placeholder=${p.usual ?? ''}
    onChange=${(e) => put(p, e.target.value === '' ? p.usual : e.target.value)} /><//>`;
}

function choice(p) {
  const now = textOf(p);
  return html`<${Field} p=${p}><select ...${marks(p)} onChange=${(e) => put(p, e.target.value)}>
    ${p.options.map((o) => html`<option value=${o.name} selected=${o.name === now} title=${o.help && t(o.help)}>${o.name}</option>`)}
  </select><//>`;
}

function toggle(p) {
  return html`<${Field} p=${p}><input type="checkbox" ...${marks(p)} checked=${textOf(p) === 'true'}
    onChange=${(e) => put(p, String(e.target.checked))} /><//>`;
}

function text(p) {
  const now = textOf(p), isLong = now.length > 30;
  const list = p.options?.length ? `${p.part}-list` : undefined;
  const changed = (e) => put(p, e.target.value);
  return html`<${Field} p=${p}>
    ${isLong ? html`<textarea rows="3" ...${marks(p)} value=${now} onChange=${changed}></textarea>`
      : html`<input type="text" ...${marks(p)} list=${list} value=${now} placeholder=${p.usual ?? ''} onChange=${changed} />`}
    ${list && html`<datalist id=${list}>${p.options.map((o) => html`<option value=${o.name} />`)}</datalist>`}
  <//>`;
}

function many(p) {
  const chosen = textOf(p).split(',').map((w) => w.trim()).filter(Boolean);
  const flip = (name) => put(p, (chosen.includes(name) ? chosen.filter((c) => c !== name) : [...chosen, name]).join(','));
  if (!p.options?.length) return text(p);
  return html`<${Field} p=${p} isGroup=${true}><div class="many">
    ${p.options.map((o) => html`<label><input type="checkbox" checked=${chosen.includes(o.name)} onChange=${() => flip(o.name)} />${o.name}</label>`)}
  </div><//>`;
}

// A list of entries, each with the same fields: SNAP's target bands.
function rows(p) {
  let list = [];
  try { list = JSON.parse(textOf(p) || '[]'); } catch { /* shown as it is below */ }
  const set = (i, name, value) => {
    const next = list.map((row, k) => (k === i ? { ...row, [name]: value } : row));
    if (value === '') delete next[i][name];
    put(p, JSON.stringify(next));
  };
  const add = () => put(p, JSON.stringify([...list, { [p.fields[0].name]: '' }]));
  return html`<${Field} p=${p} isGroup=${true}>
    ${list.map((row, i) => html`<div class="entry" role="group" aria-label=${`${p.label} ${i + 1}`}>
      ${p.fields.filter((f) => row[f.name] !== undefined).map((f) => html`<label title=${t(f.help ?? '')}><span>${f.name}</span>
        <input type="text" value=${row[f.name]} onChange=${(e) => set(i, f.name, e.target.value)} /></label>`)}
    </div>`)}
    <button onClick=${add}>${t('Add an entry')}</button>
  <//>`;
}

export const kinds = { slider, number, choice, toggle, text, many, rows };
