// SPDX-License-Identifier: Apache-2.0
// The page in Debian's Chromium: what a person does, and what a person must not see.
// usage: browser.mjs DASH_SERVER [FOLDER for pictures]; prints TAP.
import { readFileSync } from 'node:fs';
import { begin, blank, clean, colours, finish, judge, must, openMap, quiet, started, test } from './pages.mjs';

const [program, pictures] = process.argv.slice(2);
const server = await begin(program, []);
const url = server.line;

const open = (browser, how) => openMap(browser, url, how);

const tiles = (page) => page.noted.requests.filter((r) => /\/t\/\w{32}\/\d+\/\d+\/\d+/.test(r));

const picture = (page, name) => (pictures ? page.screenshot({ path: `${pictures}/${name}.png` }) : null);

for (const [way, more, hash] of [['WebGL', ['--enable-unsafe-swiftshader'], ''], ['canvas', ['--disable-gpu'], '&gl=0']]) {
  const with_ = (run) => () => started(more).then(run);

  test(`${way}: the page shows the map and asks nobody else`, with_(async (browser) => {
    const page = await open(browser, { hash: `#l=scene:2.1.0:grey${hash}` });
    must(!new URL(page.url()).searchParams.has('t'), 'the token stands in the address');
    const is = await page.locator('.canvas').getAttribute('data-gl');
    must(is === (way === 'WebGL' ? 'webgl' : 'canvas'), `drawn by ${is}`);
    must(tiles(page).length > 0, 'no tiles');
    const seen = await colours(page);
    must(seen.count > 20, `only ${seen.count} colours`);
    must(Math.abs(seen.mean[0] - seen.mean[2]) > 5, `grey, not colour: ${seen.mean}`);
    await judge(page, 'axe');
    await picture(page, `${way}-light`);
    await clean(page);
  }));

  test(`${way}: stretch, gamma and ramp need no request`, with_(async (browser) => {
    const page = await open(browser, { hash: `#l=index:0:grey${hash}` });
    const before = await colours(page), asked = page.noted.requests.length;
    const low = page.locator('.stretch input[type=range]').first();
    await low.focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(200);
    const darker = await colours(page);
    must(darker.mean[0] < before.mean[0] - 3, `not darker: ${before.mean} ${darker.mean}`);
    await page.getByLabel('Ramp').selectOption('viridis');
    await page.waitForTimeout(200);
    const green = await colours(page);
    must(green.mean[1] > green.mean[0] + 5, `not viridis: ${green.mean}`);
    must(page.noted.requests.length === asked, `asked ${page.noted.requests.slice(asked)}`);
    await clean(page);
  }));

  test(`${way}: a slider makes the tiles come again`, with_(async (browser) => {
    const page = await open(browser, { hash: `#l=index:0:grey${hash}` });
    const before = new Set(tiles(page).map((r) => r.split('/t/')[1].slice(0, 32)));
    const slider = page.locator('input[type=range][id="index.gain"]');
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(600);
    await quiet(page);
    const after = new Set(tiles(page).map((r) => r.split('/t/')[1].slice(0, 32)));
    must(after.size > before.size, 'no new keys');
    must((await page.locator('.share code').textContent()).includes('-P index.gain=1.05'), 'the command does not follow');
    must((await colours(page)).count > 20, 'the map is empty');
    await clean(page);
  }));

  test(`${way}: swipe shows two steps side by side`, with_(async (browser) => {
    const page = await open(browser, { hash: `#l=index:0:grey${hash}` });
    await page.getByLabel('Compare with another step').check();
    await quiet(page);
    const [l, r] = [await colours(page, [0.3, 0.5]), await colours(page, [0.7, 0.5])];
    must(Math.abs(l.mean[0] - l.mean[2]) < 2, `left is not grey: ${l.mean}`);
    must(Math.abs(r.mean[0] - r.mean[2]) > 5, `right is not in colour: ${r.mean}`);
    await page.locator('.canvas').focus();
    for (let i = 0; i < 15; i++) await page.keyboard.press(']');
    const moved = await colours(page, [0.7, 0.5]);
    must(Math.abs(moved.mean[0] - moved.mean[2]) < 2, 'the swipe does not move by keys');
    await judge(page, 'axe');
    await clean(page);
  }));
}

for (const [way, more, hash] of [['WebGL', ['--enable-unsafe-swiftshader'], ''], ['canvas', ['--disable-gpu'], '&gl=0']]) {
  test(`${way}: two steps on different grids are swiped`, () => started(more).then(async (browser) => {
    const two = await begin(program, ['0', 'grids']);
    const page = await blank(browser, new URL(two.line).origin, {});
    await page.goto(`${two.line}#l=far:0:grey&r=scene:2.1.0:grey&swipe=.5${hash}`);
    await page.waitForSelector('.map .canvas canvas');
    await quiet(page);
    const [l, r] = [await colours(page, [0.35, 0.5]), await colours(page, [0.65, 0.5])];
    must(l.count > 5 && Math.abs(l.mean[0] - l.mean[2]) < 2, `left is not grey: ${l.mean}`);
    must(r.count > 20 && Math.abs(r.mean[0] - r.mean[2]) > 5, `right is not in colour: ${r.mean}`);
    must(page.noted.requests.some((u) => /\/t\/\w{32}\/.*on=\w{32}\.0/.test(u)), 'it is not laid by the server');
    await picture(page, `${way}-grids`);
    await judge(page, 'axe');
    await clean(page);
    await two.end();
  }));
}

test('the place is kept when a step on another grid is shown', () => started(['--disable-gpu']).then(async (browser) => {
  const two = await begin(program, ['0', 'grids']);
  const page = await blank(browser, new URL(two.line).origin, {});
  // Longitude and latitude of the place are PROJ's.
  await page.goto(`${two.line}#l=scene:3:grey&at=612000,5690000,5`);
  await page.waitForSelector('.map .canvas canvas');
  await quiet(page);
  await page.locator('.shown select').first().selectOption('far');
  await page.waitForFunction(() => !location.hash.includes('612000'));
  const [x, y, resolution] = new URLSearchParams((await page.evaluate(() => location.hash)).slice(1)).get('at').split(',').map(Number);
  const [lon, lat] = [x / 6378137 * 180 / Math.PI, (2 * Math.atan(Math.exp(y / 6378137)) - Math.PI / 2) * 180 / Math.PI];
  must(Math.abs(lon - 4.608317) < 0.0005 && Math.abs(lat - 51.350223) < 0.0005, `${lon} ${lat}`);
  // Mercator's metre is 1 / cos(latitude) of one on the ground; UTM's scale differs by less than a thousandth.
  must(Math.abs(resolution * Math.cos(51.350223 * Math.PI / 180) / 5 - 1) < 0.01, `${resolution}`);
  await clean(page);
  await two.end();
}));

test('a step compared with itself begins with another band', () => started(['--disable-gpu']).then(async (browser) => {
  const page = await open(browser, { hash: '#l=scene:2.1.0:grey' });
  await page.getByLabel('Compare with another step or band').check();
  await quiet(page);
  must(await page.locator('.shown').nth(1).locator('.bands select').nth(1).inputValue() === '3', 'the same bands twice');
  // From three bands to a step of one, and back.
  for (const show of [1, 0, 2]) await page.getByRole('button', { name: 'Show on the map' }).nth(show).click();
  await quiet(page);
  await clean(page);
}));

const plainly = (run) => () => started(['--disable-gpu']).then(run);

test('a drag of forty moves computes few generations', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:grey' });
  const slider = page.locator('input[type=range][id="index.gain"]');
  await slider.scrollIntoViewIfNeeded();
  const box = await slider.boundingBox();
  const asked = page.noted.requests.length;
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
  await page.mouse.down();
  for (let i = 1; i <= 40; i++) {
    await page.mouse.move(box.x + box.width * (0.25 + i / 80), box.y + box.height / 2);
    await page.waitForTimeout(10);
  }
  await page.mouse.up();
  await page.waitForTimeout(400);
  await quiet(page);
  const events = page.noted.requests.slice(asked).filter((r) => r.endsWith('/api/event')).length;
  must(events >= 2 && events <= 41, `${events} events`);
  must((await colours(page)).count > 20, 'the map is empty');
  await clean(page);
}));

test('a pixel is told at every step, by mouse and by keys', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:grey' });
  const box = await page.locator('.canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('.inspector tbody tr');
  const rows = await page.locator('.inspector tbody tr').allTextContents();
  must(rows.length === 3 && rows[0].startsWith('scene') && rows[2].startsWith('box'), rows.join('|'));
  must(rows.every((r) => /\d/.test(r)), `no values: ${rows}`);
  const place = await page.locator('.inspector .place').textContent();
  await page.locator('.canvas').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((p) => document.querySelector('.inspector .place').textContent !== p, place);
  await page.keyboard.press('Escape');
  must(await page.locator('.inspector .hint').count() === 1, 'Escape does not put it away');
  await clean(page);
}));

test('a profile is drawn along a line and told in words', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:grey' });
  await page.locator('.canvas').focus();
  await page.keyboard.press('p');
  await page.waitForSelector('.profile .uplot canvas');
  must(/from .* to .*, between/.test(await page.locator('.chart').getAttribute('aria-label')), 'no summary');
  await page.getByRole('button', { name: 'Profile along a line' }).click();
  const box = await page.locator('.canvas').boundingBox();
  const before = await page.locator('.chart').getAttribute('aria-label');
  await page.mouse.click(box.x + 300, box.y + 100);
  await page.mouse.click(box.x + 500, box.y + 300);
  await page.waitForFunction((b) => document.querySelector('.chart')?.getAttribute('aria-label') !== b, before);
  await judge(page, 'axe');
  await clean(page);
}));

test('each kind of setting has a widget with a name, and a wrong one says what is wrong', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:grey' });
  for (const more of await page.locator('.more > summary').all()) await more.click();
  for (const [id, type] of [['index.gain', 'range'], ['index.offset', 'number'], ['index.clip', 'checkbox'], ['index.name', 'text']]) {
    must(await page.locator(`[id="${id}"]`).getAttribute('type') === type, `${id} is no ${type}`);
  }
  must(await page.locator('select[id="index.sign"] option').count() === 2, 'no choice');
  must(await page.locator('.many input').count() === 5, 'no list of bands');
  await page.locator('[id="index.name"]').fill('bad');
  await page.keyboard.press('Tab');
  await page.waitForSelector('[id="index.name-failure"]');
  must((await page.locator('[id="index.name-failure"]').textContent()).includes('take a better one'), 'no remedy');
  must(await page.locator('[id="index.name"]').getAttribute('aria-invalid') === 'true', 'not marked');
  must((await page.locator('[role=status]').textContent()).includes('bad is no name'), 'not announced');
  await judge(page, 'axe');
  await page.getByRole('button', { name: 'Reset all' }).click();
  await page.waitForFunction(() => !document.querySelector('[id="index.name-failure"]'));
  await clean(page);
}));

test('the keyboard reaches everything', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:grey' });
  const seen = new Set();
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    seen.add(await page.evaluate(() => {
      const e = document.activeElement;
      return e.id || e.className || e.getAttribute('aria-label') || e.textContent.slice(0, 20);
    }));
  }
  for (const wanted of ['skip', 'index.gain', 'box.radius', 'canvas']) must(seen.has(wanted), `${wanted} is not reached: ${[...seen]}`);
}));

test('what is on the screen comes as PNG and as GeoTIFF', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=index:0:viridis' });
  for (const [name, magic] of [['PNG', [0x89, 0x50]], ['GeoTIFF', [0x49, 0x49]]]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    const bytes = readFileSync(await download.path());
    must(bytes[0] === magic[0] && bytes[1] === magic[1] && bytes.length > 1000, `${name} is none`);
  }
  await clean(page);
}));

for (const [name, how] of [['dark', { dark: true }], ['spanish', { locale: 'es-ES' }], ['narrow', { width: 390, height: 844 }],
  ['narrow-dark', { width: 390, height: 844, dark: true }]]) {
  test(`${name}: reads well and is clean`, plainly(async (browser) => {
    const page = await open(browser, { hash: '#l=index:0:viridis&r=scene:2.1.0:grey&swipe=.5', ...how });
    await page.locator('.canvas').focus();
    await page.keyboard.press('i');
    await page.keyboard.press('p');
    await page.waitForSelector('.profile .uplot canvas');
    await page.waitForTimeout(300);
    await judge(page, 'axe');
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    must(!isWide, 'it is wider than the window');
    if (name === 'spanish') {
      must(await page.evaluate(() => document.documentElement.lang) === 'es', 'not in Spanish');
      must((await page.locator('h2').allTextContents()).includes('Pasos'), 'its words are English');
    }
    await picture(page, name);
    await clean(page);
  }));
}

test('the address says what is looked at', plainly(async (browser) => {
  const page = await open(browser, { hash: '#l=scene:4:grey' });
  await page.waitForTimeout(500);
  const hash = await page.evaluate(() => location.hash);
  must(/l=scene%3A4/.test(hash) && /at=/.test(hash), hash);
  must((await page.locator('.legend').textContent()).includes('meadow'), 'classes have no legend');
  await page.reload();
  await page.waitForSelector('.legend');
  await clean(page);
}));

await finish(server.end);
