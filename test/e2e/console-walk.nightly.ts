/**
 * A walk through every page of the console, in light and dark, in windows of three widths, in English and in German:
 * over a simulated fleet for breadth, with one real host for what a simulated one has not (images, the files in them).
 * The pictures are kept where GANTRY_TEST_PICTURES names a folder; they are for people, and never compared. What is found is
 * written as it is found: the walk takes long, and a page that does not come stops it nowhere.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { starterImage } from '../../src/agent/testing/qemu-agent.ts';
import { findBarriers, findColourBarriers, noBrowser, setLight, type Person } from './browser.ts';
import { listPlaces, readRoutes, type Place } from './console-places.ts';
import { ConsoleRoom } from './console-room.ts';
import { englishOnly, isEnglishEvent } from './console-words.ts';
import { joinHosts } from './joined-hosts.ts';
import { look } from './screen-room.ts';

const widths = [
  { width: 1280, height: 800 },
  { width: 800, height: 600 },
  { width: 390, height: 844 },
] as const;
/** Of a window in which each page ends: what lies behind an edge counts as covered with axe. */
const tallPx = 6000;

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
  while (all.nextNode() !== null) {
    // Values of the API are not said in the language of the page.
    if (all.currentNode.parentElement.closest('[translate=no]') === null)
      texts.push(all.currentNode.textContent.trim());
  }
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

  /** What is found where, told at once. */
  const note = (found: string[], where: string, wrong: readonly string[]): void => {
    for (const one of new Set(wrong)) {
      const line = `${where}: ${one}`;
      found.push(line);
      process.stderr.write(`${line}\n`);
    }
  };

  /** Each place in its turn; what keeps one from being looked at is a finding, too. */
  const walk = async (found: string[], visit: (place: Place) => Promise<void>): Promise<void> => {
    for (const place of places)
      try {
        await visit(place);
      } catch (error) {
        note(found, place.path, [String(error)]);
      }
  };

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
    const [widest] = widths;
    await walk(found, async (place) => {
      await page.setViewportSize(widest);
      await open(place);
      for (const size of widths) {
        await page.setViewportSize(size);
        const wide: readonly string[] = await page.evaluate(findWide);
        const where = `${place.path} ${size.width}`;
        note(found, where, wide);
        // What a width changes of a page is seen in the widest and the narrowest.
        if (size.width !== 800) {
          await page.setViewportSize({ ...size, height: tallPx });
          note(found, where, await findBarriers(page));
          await page.setViewportSize(size);
        }
        await look(page, `${place.name}-${size.width}-light`);
        await setLight(page, 'dark');
        if (size === widest) note(found, `${where} in the dark`, await findColourBarriers(page));
        await look(page, `${place.name}-${size.width}-dark`);
        await setLight(page, 'light');
      }
    });
    assert.deepEqual(found, []);
  });

  test('in German no page has a text in English or a place that nothing was put into', async () => {
    await page.evaluate('localStorage.setItem(\'gantry.preference\', \'{"language":"de"}\')');
    const english = await englishOnly();
    const found: string[] = [];
    await page.setViewportSize({ width: 390, height: 844 });
    await walk(found, async (place) => {
      await open(place);
      assert.equal(await page.locator('html').getAttribute('lang'), 'de', place.path);
      const texts: readonly string[] = await page.evaluate(readTexts);
      const wide: readonly string[] = await page.evaluate(findWide);
      const wrong = texts.filter(
        (text) => english.has(text) || isEnglishEvent(text) || /\{\w+\}/.test(text),
      );
      note(found, place.path, [...wrong, ...wide]);
      await look(page, `${place.name}-de`);
    });
    assert.deepEqual(found, []);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
    assert.deepEqual(errors, []);
  });
});
