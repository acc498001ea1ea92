// SPDX-License-Identifier: Apache-2.0
// A prediction beside what is known, as `nadir map --labels` shows them.
// usage: labels.mjs NADIR SOURCE_ROOT [FOLDER for pictures]; prints TAP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { begin, clean, colours, finish, judge, must, openMap, quiet, started, test } from './pages.mjs';

const [nadir, root, pictures] = process.argv.slice(2);
const folder = mkdtempSync(`${tmpdir()}/nadir-labels-`);
// The west of the crop is called forest, which the model knows, the east heath, which not.
const box = (x0, x1, cover) => ({ type: 'Feature', properties: { cover, year: 2018 }, geometry: { type: 'Polygon',
  coordinates: [[[x0, 5677000], [x1, 5677000], [x1, 5684000], [x0, 5684000], [x0, 5677000]]] } });
const known = `${folder}/known.geojson`;
writeFileSync(known, JSON.stringify({ type: 'FeatureCollection', crs: { type: 'name', properties: { name: 'EPSG:32631' } },
  features: [box(655500, 657900, 'forest'), box(657900, 660300, 'heath')] }));
const server = await begin(nadir, ['map', `${root}/data/graphs/land.yaml`, '--no-browser', '--port', '0', '--labels', known, '--field', 'cover',
  '-P', `scene=${root}/data/31UFS`, '-P', `model=${root}/data/models/land-use.safetensors`,
  '-P', 'predict.stride=64', '-P', 'predict.output=class,confidence'], 'SIGINT');
const url = server.line;

const MODEL = ['e6c84b', '1b7837', 'a6d96a', '7f7f7f', '7b3294', 'c2e699', 'e08214', 'd7301f', '4292c6', '08519c'].map((c) => parseInt(c, 16));
const FOREST = MODEL[1];

const open = (browser, how) => openMap(browser, url, how);
const picture = (page, name) => (pictures ? page.screenshot({ path: `${pictures}/${name}.png` }) : null);
const words = (page, side) => page.locator('.shown').nth(side).locator('.legend li').allTextContents();

for (const [way, more, hash] of [['WebGL', ['--enable-unsafe-swiftshader'], ''], ['canvas', ['--disable-gpu'], '#gl=0']]) {
  test(`${way}: the page opens with the prediction beside the labels, in the model's colours`, () => started(more).then(async (browser) => {
    const page = await open(browser, { hash });
    must((await words(page, 0)).join() === 'AnnualCrop,Forest,HerbaceousVegetation,Highway,Industrial,Pasture,PermanentCrop,Residential,River,SeaLake', await words(page, 0));
    must((await words(page, 1)).at(-1) === 'heath', await words(page, 1));
    const left = await colours(page, [0.45, 0.3]), right = await colours(page, [0.55, 0.3]);
    must(left.seen.some((c) => MODEL.includes(c)), `no class: ${left.seen}`);
    must(right.seen.length === 1 && !MODEL.includes(right.seen[0]), `not heath alone: ${right.seen}`);
    await page.locator('.canvas').focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('[');
    must((await colours(page, [0.45, 0.3])).seen.includes(FOREST), 'forest has not the colour of forest');
    must((await colours(page, [0.55, 0.1])).seen.length === 1, 'the prediction shows through where there are no labels');
    must(await page.locator('.stretch').count() === 0, 'classes have a stretch');
    await judge(page, 'axe');
    await picture(page, `${way}-labels`);
    await clean(page);
  }));
}

const plainly = (run) => () => started(['--disable-gpu']).then(run);

test('errors are what a pixel was taken for; what is right is not seen', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=error:0:grey' });
  must((await words(page, 0))[0] === 'right', await words(page, 0));
  const east = await colours(page, [0.53, 0.5]), west = await colours(page, [0.45, 0.5]);
  must(east.seen.some((c) => MODEL.includes(c)), `heath is never predicted, so all is wrong: ${east.seen}`);
  must(!west.seen.includes(FOREST), 'forest taken for forest is shown as wrong');
  await page.locator('.canvas').focus();
  await page.keyboard.press('i');
  await page.waitForSelector('.inspector tbody tr');
  const rows = await page.locator('.inspector tbody tr').allTextContents();
  const row = (id) => rows.find((r) => r.startsWith(id)) ?? '';
  must(/labels (forest|heath)/i.test(row('labels')), rows.join('|'));
  must(/class [A-Z]\w+/.test(row('predict')) && /confidence 0?[.,]\d/.test(row('predict')), rows.join('|'));
  must(/error ([A-Z]\w+|right)/.test(row('error')), rows.join('|'));
  await picture(page, 'labels-error');
  await judge(page, 'axe');
  await clean(page);
}));

test('an answer between 0 and 1 has its ramp and its range by itself', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=predict:1:viridis' });
  must(await page.getByLabel('Ramp').inputValue() === 'viridis', 'another ramp');
  must((await page.locator('.ramp').textContent()).replace(/\s/g, '') === '01', await page.locator('.ramp').textContent());
  await page.locator('.bands select').first().selectOption('0');
  must(await page.locator('.stretch').count() === 0, 'classes have a stretch');
  await page.locator('.bands select').first().selectOption('1');
  await quiet(page);
  must(await page.getByLabel('Ramp').inputValue() === 'viridis', 'the ramp does not come back');
  await picture(page, 'labels-confidence');
  await clean(page);
}));

for (const [locale, wrong] of [['es-ES', /las formas no tienen el atributo covr/], ['en-GB', /the shapes have no attribute covr/]]) {
  test(`${locale}: failures are told in the language of the page`, plainly(async (browser) => {
    const page = await open(browser, { locale });
    await page.locator('[id="labels.field"]').fill('covr');
    await page.keyboard.press('Tab');
    await page.waitForSelector('[id="labels.field-failure"]');
    const told = await page.locator('[id="labels.field-failure"]').textContent();
    must(wrong.test(told), told);
    await clean(page);
  }));
}

for (const [name, how] of [['dark', { dark: true }], ['spanish', { locale: 'es-ES' }], ['narrow', { width: 390, height: 844 }]]) {
  test(`${name}: reads well and is clean`, plainly(async (browser) => {
    const page = await open(browser, how);
    if (name === 'spanish') must((await page.locator('.share code').textContent()).includes('--labels'), 'the command has no labels');
    must(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), 'it is wider than the window');
    await picture(page, `labels-${name}`);
    await judge(page, 'axe');
    await clean(page);
  }));
}

await finish(async () => {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});
