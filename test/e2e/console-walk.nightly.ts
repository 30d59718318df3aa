/**
 * A walk through every page of the console, in light and dark, in windows of three widths, in English and in German:
 * over a simulated fleet for breadth, with one real host for what a simulated one has not (images, the files in them).
 * The pictures are kept where GANTRY_TEST_PICTURES names a folder; they are for people, and never compared.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { starterImage } from '../../src/agent/testing/qemu-agent.ts';
import { findBarriers, findColourBarriers, noBrowser, setLight, type Person } from './browser.ts';
import { listPlaces, readRoutes, type Place } from './console-places.ts';
import { ConsoleRoom } from './console-room.ts';
import { englishOnly } from './console-words.ts';
import { joinHosts } from './joined-hosts.ts';
import { look } from './screen-room.ts';

const widths = [
  { width: 1280, height: 800 },
  { width: 800, height: 600 },
  { width: 390, height: 844 },
] as const;

/** What is wider than the window, and by what: a page scrolls sideways only inside of tables, code and drawings. */
const findWide = `(() => {
  const found = [];
  for (const part of [document.documentElement, document.querySelector('main')])
    if (part !== null && part.scrollWidth > part.clientWidth + 1)
      found.push(part.localName + ' ' + part.scrollWidth + ' > ' + part.clientWidth);
  const outside = [...document.querySelectorAll('main *, [role=dialog] *')].filter((one) => {
    const { right, width } = one.getBoundingClientRect();
    return width > 1 && right > innerWidth + 1 && one.closest('[data-scrolls], pre, svg, .list-window, .topology, .pf-v6-c-tabs, .pf-v6-c-table, .xterm') === null;
  });
  for (const one of outside.slice(0, 2)) found.push('outside: ' + one.outerHTML.slice(0, 160));
  return found;
})()`;

/** The texts of a page one by one, as they are written, and what is said of its parts. */
const readTexts = `(() => {
  const texts = [];
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (all.nextNode() !== null) texts.push(all.currentNode.textContent.trim());
  for (const one of document.querySelectorAll('[aria-label], [placeholder], [title]'))
    for (const name of ['aria-label', 'placeholder', 'title']) texts.push(one.getAttribute(name) ?? '');
  return texts.filter((text) => text !== '');
})()`;

describe('a walk through the console', { skip: noBrowser }, () => {
  let room: ConsoleRoom;
  let person: Person;
  let page: Page;
  let real: AsyncDisposable;
  let places: readonly Place[];
  const errors: string[] = [];

  before(async () => {
    room = await ConsoleRoom.open('2x20');
    ({ person } = room);
    // Each page is looked at many times over, also on a machine that others work on.
    person.context.setDefaultTimeout(60_000);
    ({ page } = person);
    const { gantry } = room;
    real = await joinHosts(gantry, { real: 'qemu' });
    const { path } = await starterImage();
    await gantry.must('host', 'set', 'real', `settings.searchPath=["${dirname(path)}"]`);
    await gantry.must('image', 'add', 'starter', path, '--host', 'real');
    const vm = await room.runningVm();
    await gantry.must('team', 'create', 'shop', vm.name);
    const client = gantry.client();
    const query = { limit: 1 };
    const [hosts, networks, teams, images] = await Promise.all([
      client.call('host.list', { query: { filter: 'name = real' } }),
      client.call('network.list', { query }),
      client.call('team.list', { query }),
      client.call('image.list', { query }),
    ]);
    const idOf = ({ items: [item] }: { readonly items: readonly { readonly id: string }[] }) =>
      item?.id ?? '';
    places = listPlaces({
      vm: vm.id,
      host: vm.hostId,
      network: idOf(networks),
      team: idOf(teams),
      image: idOf(images),
      file: { host: idOf(hosts), path },
    });
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${page.url()}: ${message.text()}`);
    });
  });
  after(async () => {
    await real?.[Symbol.asyncDispose]();
    await room?.[Symbol.asyncDispose]();
  });

  const open = async ({ path }: Place): Promise<void> => {
    await page.goto(room.server + path);
    await page
      .getByRole('heading', { level: 1 })
      .or(page.locator('.console-page'))
      .first()
      .waitFor();
    await page.getByRole('progressbar').first().waitFor({ state: 'detached', timeout: 120_000 });
  };

  test('no route of the table is left out', () => {
    const walked = places.map(({ path }) => path);
    assert.ok(readRoutes().length > 15);
    assert.ok(walked.length > 60, walked.join('\n'));
  });

  test('every page is whole in light and dark and in windows of three widths: nothing is outside of it, axe finds no barrier', async () => {
    const found: string[] = [];
    for (const place of places) {
      const note = (where: string, wrong: readonly string[]): void =>
        void found.push(...wrong.map((one) => `${place.path} ${where}: ${one}`));
      const [widest] = widths;
      await page.setViewportSize(widest);
      await open(place);
      for (const size of widths) {
        await page.setViewportSize(size);
        const wide: readonly string[] = await page.evaluate(findWide);
        note(`${size.width}`, wide);
        // What a width changes of a page is seen in the widest and the narrowest.
        if (size.width !== 800) note(`${size.width}`, await findBarriers(page));
        await look(page, `${place.name}-${size.width}-light`);
        await setLight(page, 'dark');
        if (size === widest) note('in the dark', await findColourBarriers(page));
        await look(page, `${place.name}-${size.width}-dark`);
        await setLight(page, 'light');
      }
    }
    assert.deepEqual(found, []);
  });

  test('in German no page has a text in English or a place that nothing was put into', async () => {
    await page.evaluate('localStorage.setItem(\'gantry.preference\', \'{"language":"de"}\')');
    const english = await englishOnly();
    const found: string[] = [];
    await page.setViewportSize({ width: 390, height: 844 });
    for (const place of places) {
      await open(place);
      assert.equal(await page.locator('html').getAttribute('lang'), 'de', place.path);
      const texts = (await page.evaluate(readTexts)) as readonly string[];
      const wrong = [
        ...texts.filter((text) => english.has(text) || /\{\w+\}/.test(text)),
        ...((await page.evaluate(findWide)) as readonly string[]),
      ];
      found.push(...new Set(wrong.map((one) => `${place.path}: ${one}`)));
      await look(page, `${place.name}-de`);
    }
    assert.deepEqual(found, []);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
    assert.deepEqual(errors, []);
  });
});
