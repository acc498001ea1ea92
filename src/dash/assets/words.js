// SPDX-License-Identifier: Apache-2.0
// Words of the page in the reader's language; the English sentence is the key.
import { signal } from './vendor/ui.js';

const LANGUAGES = { en: 'English', es: 'Español' };
export const language = signal('en');
const table = signal({});

/** @param {string} english which may be any name @param {...(string|number)} fill for {0}, {1}, … */
export function t(english, ...fill) {
  const text = Object.hasOwn(table.value, english) ? table.value[english] : english;
  return text.replace(/\{(\d)\}/g, (_, i) => fill[+i]);
}
export const languages = LANGUAGES;

const formats = new Map(); // making one costs fifty times what using it does
export function number(value, digits = 6) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const name = `${language.value}${digits}`;
  if (!formats.has(name)) formats.set(name, new Intl.NumberFormat(language.value, { maximumSignificantDigits: digits }));
  return formats.get(name).format(value);
}

const isKnown = (code) => Object.hasOwn(LANGUAGES, code);

export async function speak(code) {
  const known = isKnown(code) ? code : 'en';
  if (known !== 'en') {
    const answer = await fetch(new URL(`./words/${known}.json`, import.meta.url));
    table.value = answer.ok ? await answer.json() : {};
  } else {
    table.value = {};
  }
  language.value = known;
  document.documentElement.lang = known;
  keep('language', known);
}

export function keep(name, value) {
  try { localStorage.setItem(`nadir-${name}`, value); } catch { /* private window */ }
}
export function kept(name) {
  try { return localStorage.getItem(`nadir-${name}`); } catch { return null; }
}
export const preferred = () => kept('language') ?? navigator.languages.map((l) => l.split('-')[0].toLowerCase()).find(isKnown);
