// SPDX-License-Identifier: Apache-2.0
// What tests of pages share: Debian's Chromium, a page with everything noted that must not
// happen, the judge of accessibility, TAP. Skips where the browser or its driver is not there.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const require = createRequire(import.meta.url);
let chromium, axe;
try {
  ({ chromium } = require('playwright-core'));
  axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
} catch {
  console.log('1..0 # SKIP playwright-core and axe-core are not installed: npm ci in tests/dash');
  process.exit(0);
}
if (!existsSync(BROWSER)) {
  console.log(`1..0 # SKIP there is no ${BROWSER}`);
  process.exit(0);
}
const ARGS = ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** A program that prints a line when it is ready, and ends with its input, or by a signal. */
export async function begin(program, words, signal = null) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((done) => { child.stdout.once('data', (d) => done(String(d).trim())); });
  const over = new Promise((done) => { child.once('exit', done); });
  const end = () => {
    child.stdin.end();
    if (signal) child.kill(signal);
    return over;
  };
  return { line, end };
}

/** Nothing under way for a while. */
export async function quiet(page) {
  for (let i = 0; i < 2; i++) {
    await page.waitForFunction(() => !document.querySelector('.busy'), null, { timeout: 60000 });
    await page.waitForTimeout(250);
  }
}

/** Colours of a part of the map: how many different ones, and their mean. */
export async function colours(page, share = [0.5, 0.5]) {
  const shot = await page.locator('.map .canvas').screenshot();
  return page.evaluate(async ([bytes, [sx, sy]]) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), g = canvas.getContext('2d');
    g.drawImage(bitmap, 0, 0);
    const d = g.getImageData(bitmap.width * sx - 40, bitmap.height * sy - 40, 80, 80).data;
    const seen = new Set(), mean = [0, 0, 0];
    for (let i = 0; i < d.length; i += 4) {
      seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
      for (let c = 0; c < 3; c++) mean[c] += d[i + c] / (d.length / 4);
    }
    return { count: seen.size, mean, seen: [...seen] };
  }, [[...shot], share]);
}

const tests = [];
export const test = (title, run) => tests.push({ title, run });
export const must = (is, what) => { if (!is) throw new Error(what); };

const browsers = new Map(); // one for each set of switches
export function started(more) {
  const name = more.join();
  if (!browsers.has(name)) browsers.set(name, chromium.launch({ executablePath: BROWSER, args: [...ARGS, ...more] }));
  return browsers.get(name);
}

/** An empty page of `origin` with everything noted that must not happen. */
export async function blank(browser, origin, { width = 1200, height = 800, dark = false, locale = 'en-GB' } = {}) {
  await Promise.all(browser.contexts().map((c) => c.close()));
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale });
  const page = await context.newPage();
  page.noted = { errors: [], outside: [], requests: [] };
  page.on('pageerror', (e) => page.noted.errors.push(e.message));
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 410/.test(m.text())) page.noted.errors.push(m.text()); });
  page.on('request', (r) => {
    if (!r.url().endsWith('/icon.svg')) page.noted.requests.push(r.url()); // comes when it likes
    if (!r.url().startsWith(origin) && !r.url().startsWith('blob:')) page.noted.outside.push(r.url());
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  return page;
}

/** The map page at `url`, drawn; `hash` says what it shows. */
export async function openMap(browser, url, { hash = '', ...how } = {}) {
  const page = await blank(browser, new URL(url).origin, how);
  await page.goto(url + hash);
  await page.waitForSelector('.map .canvas canvas');
  await quiet(page);
  return page;
}

export async function judge(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  must(found.violations.length === 0, `${what}: ${found.violations.map((v) =>
    `${v.id} ${v.nodes.slice(0, 3).map((n) => n.target).join(' ')}`).join('; ')}`);
}

export async function clean(page) {
  must(page.noted.errors.length === 0, `errors: ${page.noted.errors.join('; ')}`);
  must(page.noted.outside.length === 0, `outside: ${page.noted.outside}`);
  const violations = await page.evaluate(() => window.violations);
  must(violations.length === 0, `policy: ${violations}`);
}

/** Runs all tests (or those whose title fits NADIR_ONLY), then `end`; never comes back. */
export async function finish(end) {
  let failed = 0, n = 0;
  const chosen = tests.filter(({ title }) => new RegExp(process.env.NADIR_ONLY ?? '').test(title));
  console.log(`1..${chosen.length}`);
  for (const { title, run } of chosen) {
    n += 1;
    try {
      await run();
      console.log(`ok ${n} - ${title}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${n} - ${title}\n# ${String(error.message ?? error).split('\n').join('\n# ')}`);
    }
  }
  for (const b of browsers.values()) await (await b).close();
  await end();
  process.exit(failed ? 1 : 0);
}
