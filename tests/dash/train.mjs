// SPDX-License-Identifier: Apache-2.0
// The training page in Debian's Chromium, over runs that grow ten times a second.
// usage: train.mjs TRAIN_SERVER FAKE_RUN [FOLDER for pictures]; prints TAP.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { begin, blank, clean, finish, judge, must, started, test } from './pages.mjs';

const [program, fake, pictures] = process.argv.slice(2);
const folder = mkdtempSync(`${tmpdir()}/nadir-runs-`);
const run = (name, ...words) => begin('python3', [fake, `${folder}/${name}`, ...words]);
const live = await run('live', '--steps', '450', '--live');
const others = Array.from({ length: 9 }, (_, i) => `wide-${i + 1}`);
await Promise.all(others.map((name, i) => run(name, '--seed', `${i + 2}`, '--steps', `${300 + 100 * i}`)));
const server = await begin(program, ['--map', `${folder}/live`, ...others.map((name) => `${folder}/${name}`)]);
const origin = new URL(server.line).origin, url = server.line.replace('/?', '/train?');

async function open(browser, { hash = '', ...how } = {}) {
  const page = await blank(browser, origin, how);
  await page.goto(url + hash);
  await page.waitForSelector('.charts canvas');
  await page.waitForFunction(() => document.body.dataset.link === 'live' && document.querySelector('.matrix') && document.querySelector('.gallery img'));
  await page.waitForTimeout(300);
  return page;
}
const plainly = (act) => () => started(['--disable-gpu']).then(act);
const picture = (page, name, more) => (pictures ? page.screenshot({ path: `${pictures}/${name}.png`, ...more }) : null);
const step = (page) => page.evaluate(() => Number(document.querySelector('.facts').textContent.match(/Step([\d,]+) of/)[1].replace(',', '')));

async function eventually(is, what) {
  for (const end = Date.now() + 60000; Date.now() < end;) if (await is()) return;
  throw new Error(what);
}

/** How much of a chart is drawn in a colour, by its variable. */
const drawn = (page, chart, colour) => page.evaluate(([n, name]) => {
  const canvas = document.querySelectorAll('.charts canvas')[n];
  const [r, g, b] = getComputedStyle(canvas).getPropertyValue(name).match(/\w\w/g).map((h) => parseInt(h, 16));
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 40 && data[i + 3] > 150) count += 1;
  return count;
}, [chart, colour]);

test('ten runs are drawn in ten colours, with a legend, and nobody else is asked', plainly(async (browser) => {
  const page = await open(browser);
  must(!new URL(page.url()).searchParams.has('t'), 'the token stands in the address');
  must(await page.locator('.runs li').count() === 10, 'not ten runs');
  for (let i = 0; i < 10; i++) await eventually(async () => await drawn(page, 1, `--run-${i}`) > 20, `run ${i} is not drawn`);
  await page.getByLabel('Show wide-8 in the charts').uncheck();
  await eventually(async () => await drawn(page, 1, '--run-8') < 10, 'a hidden run is drawn');
  await judge(page, 'axe');
  await picture(page, 'train-light');
  await clean(page);
}));

test('the run that trains grows on the page, ten times a second', plainly(async (browser) => {
  const page = await open(browser);
  const before = await step(page);
  const frames = await page.evaluate(() => new Promise((done) => {
    const seen = new Set(), end = performance.now() + 3000;
    const look = () => {
      seen.add(document.querySelector('.facts').textContent.match(/Step([\d,]+)/)[1]);
      if (performance.now() < end) requestAnimationFrame(look);
      else done(seen.size);
    };
    look();
  }));
  const rate = frames / 3;
  console.log(`# ${rate.toFixed(1)} news a second on the screen`);
  must(await step(page) > before, 'it does not grow');
  must(rate > 1, `only ${rate} news a second`);
  await clean(page);
}));

test('watching for a while costs no memory', plainly(async (browser) => {
  const page = await open(browser);
  const session = await page.context().newCDPSession(page);
  // What a collection leaves behind differs from one to the next: the least of four.
  const heap = async () => {
    const sizes = [];
    for (let i = 0; i < 4; i++) {
      await page.waitForTimeout(500);
      await session.send('HeapProfiler.collectGarbage');
      sizes.push((await session.send('Runtime.getHeapUsage')).usedSize);
    }
    return Math.min(...sizes);
  };
  const before = await heap();
  await page.waitForTimeout(6000);
  const after = await heap();
  console.log(`# heap ${(before / 1048576).toFixed(2)} MiB, six seconds later ${(after / 1048576).toFixed(2)} MiB`);
  must(after < before + 1048576, `heap grew by ${after - before}`);
  must(after < 24 * 1048576, `heap is ${after}`);
}));

test('a hidden page has no stream, and goes on where it was', plainly(async (browser) => {
  const page = await open(browser);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.isAway });
    window.isAway = true;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  must(await page.evaluate(() => document.body.dataset.link) === 'hidden' || (await page.waitForTimeout(200)) === undefined, '');
  const still = await step(page), asked = page.noted.requests.length;
  await page.waitForTimeout(1200);
  must(await step(page) === still, 'it goes on while hidden');
  await page.evaluate(() => {
    window.isAway = false;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForFunction((s) => Number(document.querySelector('.facts').textContent.match(/Step([\d,]+)/)[1].replace(',', '')) > s + 8, still);
  const since = page.noted.requests.slice(asked);
  must(since.filter((r) => r.includes('/api/stream?from=')).length === 1, `asked ${since}`);
  must(!since.some((r) => r.includes('/curves')), 'it has fetched whole curves again');
  await clean(page);
}));

test('smoothing, axis and logarithm need no request and stand in the address', plainly(async (browser) => {
  const page = await open(browser);
  await page.waitForTimeout(500);
  const asked = page.noted.requests.filter((r) => !r.includes('/pictures/') && !/confusion|worst|sample/.test(r)).length;
  const name = () => page.locator('.plot').first().getAttribute('aria-label');
  const before = await name();
  await page.getByLabel('Smoothing').focus();
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
  await page.getByLabel('Along').selectOption('epoch');
  await page.getByLabel('Logarithmic').check();
  await page.waitForTimeout(600);
  must(await name() !== before, 'the summary does not follow');
  const hash = await page.evaluate(() => location.hash);
  must(/x=epoch/.test(hash) && /log=1/.test(hash) && /smooth=0.07/.test(hash), hash);
  must(page.noted.requests.filter((r) => !r.includes('/pictures/') && !/confusion|worst|sample/.test(r)).length === asked, 'it asked the server');
  await picture(page, 'train-log');
  await page.reload();
  await page.waitForSelector('.charts canvas');
  must(await page.getByLabel('Along').inputValue() === 'epoch', 'the address is not read');
  await clean(page);
}));

test('a window drawn over a chart is shown exactly, and given up again', plainly(async (browser) => {
  const page = await open(browser, { hash: '#run=9' });
  const box = await page.locator('.plot').first().boundingBox();
  await page.mouse.move(box.x + 150, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 250, box.y + 80, { steps: 5 });
  await page.mouse.up();
  await page.waitForSelector('text=Show all');
  await page.waitForTimeout(300);
  must(page.noted.requests.some((r) => /curves\?px=1500&from=\d+/.test(r)), 'no exact rows were asked for');
  must((await page.locator('.reading').first().textContent()).includes('wide-9'), 'the cursor reads nothing');
  await page.locator('.plot').first().focus();
  await page.keyboard.press('0');
  await page.waitForTimeout(200);
  must(await page.getByRole('button', { name: 'Show all' }).count() === 0, 'it stays zoomed');
  await page.keyboard.press('ArrowRight');
  must(/wide-9 [\d.]+/.test(await page.locator('[role=status]').textContent()), 'the arrows read nothing out');
  await clean(page);
}));

test('no name of a class is cropped, however long', plainly(async (browser) => {
  for (const how of [{}, { width: 390, height: 844 }]) {
    const page = await open(browser, { hash: '#run=1', ...how });
    const cropped = await page.evaluate(() => [...document.querySelectorAll('.matrix .down, .matrix th[scope=row]')].filter((head) => {
      const words = document.createRange(), cell = head.getBoundingClientRect();
      words.selectNodeContents(head);
      const box = words.getBoundingClientRect();
      return box.top < cell.top - 1 || box.bottom > cell.bottom + 1 || box.left < cell.left - 1 || box.right > cell.right + 1;
    }).map((head) => head.textContent));
    must(cropped.length === 0, cropped.join());
    must(await page.evaluate(() => {
      const box = document.querySelector('.confusion .scroll');
      return box.scrollHeight <= box.clientHeight + 1;
    }), 'the matrix is cut off below');
    await page.evaluate(() => document.querySelector('.confusion').scrollIntoView());
    await picture(page, `train-matrix-${how.width ?? 1200}`);
  }
}));

test('a cell of the matrix picks its pictures, which have words for who cannot see them', plainly(async (browser) => {
  const page = await open(browser, { hash: '#run=1' });
  await page.getByRole('button', { name: /^water taken for forest/ }).click();
  await page.waitForTimeout(200);
  const all = await page.locator('.gallery figcaption').allTextContents();
  must(all.length >= 2 && all.every((w) => w.includes('water → forest')), all.join('|'));
  must(/truth water, prediction forest/.test(await page.locator('.gallery img').first().getAttribute('alt')), 'no words');
  const size = await page.locator('.gallery img').first().evaluate((i) => i.decode().then(() => i.naturalWidth));
  must(size === 32, 'the picture is not shown');
  await page.getByRole('button', { name: 'All' }).click();
  await page.getByRole('button', { name: 'Always the same' }).click();
  must(await page.locator('.gallery li').count() === 24 && await page.locator('.gallery .right').count() > 10, 'no sample');
  await judge(page, 'axe');
  await clean(page);
}));

test('a worst case leads to its place on the map', plainly(async (browser) => {
  const page = await open(browser);
  const link = page.locator('.gallery a').first();
  must(await link.getAttribute('href') === 'map#at=605700,5694500', await link.getAttribute('href'));
  await link.click();
  await page.waitForSelector('.map .canvas canvas');
  await page.waitForFunction(() => /at=6057\d\d%2C5694\d\d\d/.test(location.hash));
  await page.getByRole('link', { name: 'Training' }).click();
  await page.waitForSelector('.charts canvas');
  await clean(page);
}));

test('what a run is asked for stands in its control file; stopping is asked twice', plainly(async (browser) => {
  const page = await open(browser, { hash: '#run=0' });
  await page.getByRole('button', { name: 'Save now' }).click();
  await page.waitForSelector('text=Asked to save');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Go on' }).waitFor();
  must(/paused/.test(await page.locator('.facts').textContent()), 'it is not paused');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.waitForTimeout(200);
  must(!readFileSync(`${folder}/live/control`, 'utf8').includes('stop'), 'one press stops it');
  must(await page.getByRole('button', { name: 'Really stop?' }).count() === 1, 'it does not ask');
  must(readFileSync(`${folder}/live/control`, 'utf8') === 'save\npause\nresume\n', readFileSync(`${folder}/live/control`, 'utf8'));
  await page.getByRole('button', { name: 'wide-1' }).click();
  must(await page.getByRole('button', { name: 'Stop', exact: true }).isDisabled(), 'a run that is over can be stopped');
  await clean(page);
}));

test('a run that learns values shows their error and no confusion', plainly(async (browser) => {
  const at = `${folder}/values`;
  mkdirSync(at);
  writeFileSync(`${at}/metrics.jsonl`, [3, 2].map((rmse, i) =>
    `{"v":1,"t":"step","step":${i + 1},"epoch":${i},"time":${i + 1},"lr":0.1,"loss":${rmse}}\n`
    + `{"v":1,"t":"epoch","epoch":${i},"step":${i + 1},"valid":{"loss":${rmse},"acc":null,"rmse":${rmse},"r2":0.5},"time":${i + 1}}\n`).join(''));
  writeFileSync(`${at}/status.json`, '{"state":"done","epoch":2,"epochs":2,"step":2,"steps":2}');
  const own = await begin(program, [at]);
  const page = await blank(browser, new URL(own.line).origin);
  await page.goto(own.line);
  await page.getByText('Validation: rmse').first().waitFor();
  must(await page.getByRole('button', { name: 'Stop', exact: true }).isDisabled(), 'a run that is over can be stopped');
  must(!(await page.locator('h2').allTextContents()).includes('Confusion'), 'there is a confusion of values');
  await clean(page);
  await own.end();
}));

test('the keyboard reaches everything', plainly(async (browser) => {
  const page = await open(browser);
  const seen = new Set();
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press('Tab');
    seen.add(await page.evaluate(() => {
      const e = document.activeElement;
      return `${e.className} ${e.textContent.slice(0, 12)}`.trim();
    }));
  }
  for (const wanted of ['skip', 'Pause', 'name wide-9', 'plot', 'cell'])
    must([...seen].some((s) => s.startsWith(wanted)), `${wanted} is not reached: ${[...seen].join('|')}`);
}));

test('all colours of runs stand out from the page, in both themes', plainly(async (browser) => {
  for (const dark of [false, true]) {
    const page = await open(browser, { dark });
    const worst = await page.evaluate(() => {
      const css = getComputedStyle(document.documentElement);
      const light = (name) => {
        const hex = css.getPropertyValue(name).trim();
        const full = hex.length === 4 ? hex.slice(1).split('').map((h) => h + h) : hex.match(/\w\w/g);
        const [r, g, b] = full.map((h) => parseInt(h, 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratios = Array.from({ length: 10 }, (_, i) => {
        const [a, b] = [light(`--run-${i}`), light('--back')].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
      });
      return Math.min(...ratios);
    });
    must(worst >= 3, `${dark ? 'dark' : 'light'}: ${worst}`);
  }
}));

for (const [name, how] of [['dark', { dark: true }], ['spanish', { locale: 'es-ES' }], ['narrow', { width: 390, height: 844 }],
  ['narrow-dark', { width: 390, height: 844, dark: true }]]) {
  test(`${name}: reads well and is clean`, plainly(async (browser) => {
    const page = await open(browser, how);
    await judge(page, 'axe');
    must(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), 'it is wider than the window');
    if (name === 'spanish') {
      must(await page.evaluate(() => document.documentElement.lang) === 'es', 'not in Spanish');
      must((await page.locator('h2').allTextContents()).includes('Imágenes'), 'its words are English');
    }
    await picture(page, `train-${name}`, { fullPage: name.startsWith('narrow') });
    await page.evaluate(() => document.querySelector('.below').scrollIntoView());
    await page.waitForTimeout(300);
    await picture(page, `train-${name}-below`);
    await clean(page);
  }));
}

await finish(async () => {
  server.end();
  await live.end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});
