// SPDX-License-Identifier: Apache-2.0
// Parts that hold other parts, and the head of the page.
import { html } from '../vendor/ui.js';
import * as store from '../store.js';
import { language, languages, speak, t } from '../words.js';
import { setTheme, theme } from '../theme.js';

function Head() {
  const themes = { system: t('As the system'), light: t('Light'), dark: t('Dark') };
  const option = ([value, text], now) => html`<option value=${value} selected=${value === now}>${text}</option>`;
  return html`<header>
    <h1><span class="brand">nadir</span> ${store.page.value.title}</h1>
    <label><span>${t('Language')}</span>
      <select onChange=${(e) => speak(e.target.value)}>${Object.entries(languages).map((o) => option(o, language.value))}</select></label>
    <label><span>${t('Theme')}</span>
      <select onChange=${(e) => setTheme(e.target.value)}>${Object.entries(themes).map((o) => option(o, theme.value))}</select></label>
  </header>`;
}

function shell({ children: [side, stage], Part }) {
  return html`<a class="skip" href="#stage">${t('Skip to the map')}</a>
    <${Head} />
    <div class="shell">
      <aside aria-label=${t('Settings')}><${Part} id=${side} /></aside>
      <main id="stage" tabindex="-1"><${Part} id=${stage} /></main>
    </div>
    <p class="unseen" role="status" aria-live="polite">${store.said.value}</p>`;
}

const group = (name) => ({ children, Part }) =>
  html`<div class=${name}>${children.map((id) => html`<${Part} id=${id} key=${id} />`)}</div>`;

export const kinds = { shell, column: group('column'), row: group('row'), stage: group('stage') };
