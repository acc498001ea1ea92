// SPDX-License-Identifier: Apache-2.0
// One pixel at every step of the graph.
import { html } from '../vendor/ui.js';
import * as store from '../store.js';
import { number, t } from '../words.js';

const MOST = 24; // bands of a step that are listed

function Row({ answer }) {
  const node = store.graph.value.nodes.find((n) => n.id === answer.id);
  if (!node) return null;
  const cells = node.bands.slice(0, MOST).map((b, i) => {
    const value = answer.values[i];
    const label = b.labels?.find((l) => l.value === value);
    return html`<span class="value" key=${b.name}><span class="name">${b.name}</span> <b>${label ? t(label.name) : number(value)}</b></span>`;
  });
  return html`<tr><th scope="row">${answer.id}</th><td>${answer.error ? html`<span class="failure">${answer.error}</span>` : cells}</td></tr>`;
}

export function inspector() {
  const p = store.pixel.value;
  return html`<section class="inspector" aria-labelledby="pixel-title">
    <h2 id="pixel-title">${t('Pixel at every step')}</h2>
    ${!p && html`<p class="hint">${t('Click on the map, or press i there and move with the arrows')}</p>`}
    ${p?.error && html`<p class="failure">${p.error.text}<br />${p.error.remedy}</p>`}
    ${p && !p.error && html`<p class="place">${t('column {0}, row {1}', p.column, p.row)}
      ${p.lat !== undefined && p.lat !== null && html` · ${p.lat.toFixed(5)}° ${p.lon.toFixed(5)}°`}</p>
      <div class="scroll" tabindex="0" role="group" aria-label=${t('Pixel at every step')}><table><tbody>${p.nodes.map((n) => html`<${Row} answer=${n} key=${n.id} />`)}</tbody></table></div>`}
  </section>`;
}
