// SPDX-License-Identifier: Apache-2.0
// Words of the page, without a browser. usage: node words.mjs ASSETS UI.js; prints TAP.
import { pathToFileURL } from 'node:url';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import assert from 'node:assert/strict';

const [assets, ui] = process.argv.slice(2);
const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
set('document', { documentElement: {} });
set('localStorage', { getItem: () => null, setItem: () => {} });
set('navigator', { language: 'en', languages: ['en'] });
set('fetch', async () => ({ ok: true, json: async () => ({ Map: 'Mapa' }) }));
// A module by its package: the assets folder has none.
const folder = mkdtempSync(`${tmpdir()}/nadir-`);
mkdirSync(`${folder}/vendor`);
writeFileSync(`${folder}/package.json`, '{"type":"module"}');
writeFileSync(`${folder}/words.js`, readFileSync(`${assets}/words.js`));
copyFileSync(ui, `${folder}/vendor/ui.js`);
const { language, preferred, speak, t } = await import(pathToFileURL(`${folder}/words.js`));

const tests = [];
const test = (title, run) => tests.push({ title, run });

test('a word of the table is translated, another stays', async () => {
  await speak('es');
  assert.deepEqual([t('Map'), t('heath')], ['Mapa', 'heath']);
});

test('a class may have the name of what every object has', async () => {
  for (const code of ['en', 'es']) {
    await speak(code);
    for (const name of ['constructor', 'toString', '__proto__']) assert.equal(t(name), name);
  }
});

test('a language is one that the page has', async () => {
  await speak('constructor');
  assert.equal(language.value, 'en');
});

test('the first known of the reader\'s languages is taken', () => {
  for (const [list, wanted] of [[['fr', 'es-MX', 'en'], 'es'], [['ES'], 'es'], [['esx', 'en-GB'], 'en'], [['fr'], undefined]]) {
    navigator.languages = list;
    navigator.language = list[0];
    assert.equal(preferred(), wanted);
  }
});

console.log(`1..${tests.length}`);
let failed = 0;
for (const [i, { title, run }] of tests.entries()) {
  try {
    await run();
    console.log(`ok ${i + 1} - ${title}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${i + 1} - ${title}`);
    console.log(`# ${String(error.message).replaceAll('\n', '\n# ')}`);
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
