/**
 * A browser for a test: the distribution's Chromium, by playwright-core. It notes what no page of ours may
 * cause: errors of scripts, refusals by the page's own policy, and calls that the API does not publish.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import axe from 'axe-core';
import { routes } from '#api';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Locator,
  type Page,
} from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Not what a page may take, which benches measure: after it something does not come any more, on a busy machine too. */
const waitMs = 30_000;

/** For `skip`: why there is no browser, or false where there is one. */
export const noBrowser: string | false = existsSync(executablePath)
  ? false
  : `${executablePath} is missing (apt-get install chromium)`;

export interface Person extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors of scripts, refusals by policy and unpublished calls so far. */
  readonly complaints: readonly string[];
  /** Methods and paths that its pages have called. */
  readonly calls: ReadonlySet<string>;
}

const base = '/api/v1';
const published = Object.values(routes).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${base}${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Scripts, styles, fonts and pictures as the console was built, and pictures that a script holds. */
const isPartOfPage = (url: string): boolean =>
  /^(blob|data):/.test(url) || new URL(url).pathname.startsWith('/assets/');

/** Whether the API's own description has such a call. */
function isPublished(asked: string, url: string): boolean {
  const { pathname } = new URL(url);
  return published.some(({ method, pattern }) => method === asked && pattern.test(pathname));
}

/** `program` starts it otherwise than as it is, with the words that it is given. */
export async function openBrowser(program = executablePath): Promise<Browser> {
  return await chromium.launch({ executablePath: program, args });
}

/** Text of a program for `openBrowser`: the browser in the network of another process. */
export const browserInNetwork = (pid: string): string =>
  `#!/bin/sh\nexec nsenter --target ${pid} --net -- ${executablePath} "$@"\n`;

/** A person at a window of their own, who reads English. */
export async function sitAtBrowser(browser: Browser): Promise<Person> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  context.setDefaultTimeout(waitMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  const calls = new Set<string>();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  const note = (method: string, url: string): void => {
    calls.add(`${method} ${new URL(url).pathname}`);
    if (!isPublished(method, url)) complaints.push(`not published: ${method} ${url}`);
  };
  page.on('request', (request) => {
    if (request.resourceType() === 'document' || isPartOfPage(request.url())) return;
    note(request.method(), request.url());
  });
  page.on('websocket', (socket) => note('GET', socket.url()));
  return {
    context,
    page,
    complaints,
    calls,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** In a window in which the page ends: what lies half behind an edge counts as too small to be hit. */
export async function requireNoBarriersInTall(page: Page): Promise<void> {
  const size = page.viewportSize();
  assert.ok(size);
  await page.setViewportSize({ ...size, height: 2000 });
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await page.setViewportSize(size);
}

/** What a person chooses who signs in by a link for the first time. */
export const password = 'a long enough password';

/** Follows the one-time link in what `up` or `user link` told, and chooses the password. */
export async function signInByLink(page: Page, told: string): Promise<void> {
  await page.goto(/https?:\S+#link=\S+/.exec(told)?.[0] ?? '');
  await page.locator('#password').fill(password);
  await page.locator('#again').fill(password);
  await page.getByRole('button', { name: 'Choose a password' }).click();
}

/** Types into the field once it has the focus: what is typed before a dialog stands is nobody's. */
export async function typeInto(field: Locator, text: string): Promise<void> {
  await field.and(field.page().locator(':focus')).waitFor();
  await field.page().keyboard.type(text);
}

/**
 * Until `expression` is true in the page. Asked from here: `waitForFunction` asks again by
 * `eval`, which the console's content security policy refuses, so it would fail unless true at once.
 */
export async function untilTrue(page: Page, expression: string, ms = 30_000): Promise<void> {
  const until = Date.now() + ms;
  while ((await page.evaluate(expression)) !== true) {
    if (Date.now() > until) throw new Error(`not true within ${ms} ms: ${expression}`);
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
  }
}

/** Leads to another address of the console as its links do, without reading the page anew. */
export async function followTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
}

/** What the one list of a page that can be saved, or the one with that label, writes into its file. */
export async function saveList(
  page: Page,
  format: 'CSV' | 'JSON',
  label?: string,
): Promise<string> {
  const begun = page.waitForEvent('download');
  const menu = label === undefined ? { name: 'Export' } : { name: `Export: ${label}`, exact: true };
  await page.getByRole('button', menu).click();
  await page.getByRole('menuitem', { name: format }).click();
  return readFileSync(await (await begun).path(), 'utf8');
}

/** That the list on the page, which is the API's own, is saved whole as CSV and as JSON. */
export async function assertSaved(
  page: Page,
  items: readonly object[],
  holds: string,
  label?: string,
): Promise<void> {
  const [titles = '', ...rows] = (await saveList(page, 'CSV', label)).trimEnd().split('\r\n');
  assert.ok(titles.startsWith('\uFEFF') && titles.split(',').length > 3, titles);
  assert.equal(rows.length, items.length, rows.join());
  assert.ok(items.length > 0 && rows.some((row) => row.includes(holds)), rows.join());
  assert.deepEqual(JSON.parse(await saveList(page, 'JSON', label)), items);
}

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Those of them that what is dark and what is light can change. */
const ofColours = ['color-contrast', 'link-in-text-block'];

/** What axe finds against WCAG 2.2 A and AA, one line each. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  return await runAxe(page, { type: 'tag', values: wcag });
}

/** Only what is against those of their rules that colours can break. */
export async function findColourBarriers(page: Page): Promise<readonly string[]> {
  return await runAxe(page, { type: 'rule', values: ofColours });
}

export async function setLight(page: Page, light: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: light, reducedMotion: 'reduce' });
  const dark = page.locator('html.pf-v6-theme-dark');
  await dark.waitFor({ state: light === 'dark' ? 'attached' : 'detached' });
  await untilStill(page);
}

/** As `findBarriers`, then what it finds of colours in the dark; the page is light again at the end. */
export async function findBarriersInEachLight(page: Page): Promise<readonly string[]> {
  const light = await findBarriers(page);
  await setLight(page, 'dark');
  const dark = await findColourBarriers(page);
  await setLight(page, 'light');
  return [...light, ...dark.map((barrier) => `in the dark: ${barrier}`)];
}

/** Half way between two colours a contrast is nobody's choice. */
async function untilStill(page: Page): Promise<void> {
  await page.evaluate(
    'Promise.allSettled(document.getAnimations()' +
      '.filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime))' +
      '.map(({ finished }) => finished))',
  );
}

async function runAxe(page: Page, runOnly: axe.RunOnly): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  await untilStill(page);
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'] });
  const { violations } = (await page.evaluate(`axe.run(${options})`)) as axe.AxeResults;
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`,
  );
}
