// SPDX-License-Identifier: Apache-2.0
// From parts to what is on the screen: a kind names a component.
import { html } from './vendor/ui.js';
import * as store from './store.js';
import { t } from './words.js';
import * as layout from './parts/layout.js';
import * as widgets from './parts/widgets.js';
import { steps, step } from './parts/steps.js';
import { layers } from './parts/layers.js';
import { map } from './parts/map.js';
import { inspector } from './parts/inspector.js';
import { profile } from './parts/profile.js';
import { share } from './parts/share.js';

const kinds = { ...layout.kinds, ...widgets.kinds, steps, step, layers, map, inspector, profile, share };

export function Part({ id }) {
  const props = store.page.value.parts[id];
  const Kind = props && kinds[props.kind];
  if (!Kind) return html`<p class="failure">${id}: ${props?.kind ?? '?'}</p>`;
  return html`<${Kind} ...${props} part=${id} Part=${Part} />`;
}

export function App() {
  const state = store.state.value;
  if (state.is === 'ready') return html`<${Part} id="root" />`;
  return html`<main class="wait">
    <h1>nadir</h1>
    ${state.is === 'opening'
      ? html`<p role="status">${t('Opening the graph …')}</p><progress aria-label=${t('Opening the graph …')}></progress>`
      : html`<p role="alert" class="failure">${state.text}<br />${state.remedy}</p>`}
  </main>`;
}
