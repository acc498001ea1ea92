// SPDX-License-Identifier: Apache-2.0
// Moved settings to the server: at most one request under way, the newest values win.
import { language, t } from './words.js';

/** A viewer's name and how often it has changed its mind; goes with every request. */
export const viewer = {
  name: Array.from(crypto.getRandomValues(new Uint8Array(4)), (b) => b.toString(16).padStart(2, '0')).join(''),
  generation: 0,
  get header() { return `${this.name}.${this.generation}`; },
};

/**
 * @param {(moved: object) => Promise<object>} post sends all moved settings
 * @param {(answer: object) => void} apply takes what came back
 * @returns {(values: object) => void} call it as often as you like
 */
export function sender(post, apply) {
  let next = null;
  let isBusy = false;
  async function run() {
    isBusy = true;
    while (next) {
      const values = next;
      next = null;
      apply(await post(values), !next);
    }
    isBusy = false;
  }
  return (values) => {
    next = values;
    if (!isBusy) run();
  };
}

/** The answer of an address as JSON; throws {status, text, remedy}. */
export async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, {
      ...options,
      headers: { 'Nadir-View': viewer.header, 'Accept-Language': language.value, ...options.headers },
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw { status: 0, text: t('the server does not answer'), remedy: t('start nadir again') };
  }
  if (answer.ok) return answer.json();
  const text = await answer.text();
  let told = {};
  try { told = JSON.parse(text); } catch { told = { text }; }
  throw { status: answer.status, ...told };
}

export function postValues({ values, changed }) {
  viewer.generation += 1;
  return ask('api/event', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ page: 'map', changed, values }),
  });
}
