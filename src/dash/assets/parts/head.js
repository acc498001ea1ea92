// SPDX-License-Identifier: Apache-2.0
// The head of every page: what is shown, the way to the other page, language, theme.
import { html } from '../vendor/ui.js';
import { language, languages, speak, t } from '../words.js';
import { setTheme, theme } from '../theme.js';

export function Head({ title, other }) {
  const themes = { system: t('As the system'), light: t('Light'), dark: t('Dark') };
  const option = ([value, text], now) => html`<option value=${value} selected=${value === now}>${text}</option>`;
  return html`<header>
    <h1><span class="brand">nadir</span> ${title}</h1>
    ${other && html`<a href=${other.href}>${other.text}</a>`}
    <label><span>${t('Language')}</span>
      <select onChange=${(e) => speak(e.target.value)}>${Object.entries(languages).map((o) => option(o, language.value))}</select></label>
    <label><span>${t('Theme')}</span>
      <select onChange=${(e) => setTheme(e.target.value)}>${Object.entries(themes).map((o) => option(o, theme.value))}</select></label>
  </header>`;
}
