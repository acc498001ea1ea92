// SPDX-License-Identifier: Apache-2.0
// Parts that hold other parts, and the head of the page.
import { html } from '../vendor/ui.js';
import * as store from '../store.js';
import { t } from '../words.js';
import { Head } from './head.js';

function shell({ children: [side, stage], Part }) {
  return html`<a class="skip" href="#stage">${t('Skip to the map')}</a>
    <${Head} title=${store.page.value.title} other=${store.page.value.runs && { href: 'train', text: t('Training') }} />
    <div class="shell">
      <aside aria-label=${t('Settings')}><${Part} id=${side} /></aside>
      <main id="stage" tabindex="-1"><${Part} id=${stage} /></main>
    </div>
    <p class="unseen" role="status" aria-live="polite">${store.said.value}</p>`;
}

const group = (name) => ({ children, Part }) =>
  html`<div class=${name}>${children.map((id) => html`<${Part} id=${id} key=${id} />`)}</div>`;

export const kinds = { shell, column: group('column'), row: group('row'), stage: group('stage') };
