/**
 * An hour of work in front of the console, pressed into minutes: vms of a simulated fleet are paused and
 * resumed all the time while one walks through the pages. The page's memory must not grow with it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, CDPSession } from 'playwright-core';
import { noBrowser, openBrowser, sitAtBrowser, type Person, signInByLink } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

const vms = 200;
/** Each changes every vm twice: 36 of them are four changes a second for an hour. */
const rounds = 36;
const warmUpRounds = 6;
const mayGrowMiB = 3;
const places = [
  ['/vms', 'Virtual machines'],
  ['/events', 'Events'],
  ['/operations', 'Operations'],
  ['/hosts', 'Hosts'],
  ['/status', 'Status'],
] as const;

describe('the memory of the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let session: CDPSession;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', `2x${vms / 2}`);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { context, page } = person;
    await signInByLink(page, out);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    session = await context.newCDPSession(page);
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  /** Pauses or resumes whatever can be, and waits until all of it has happened. */
  const actOnAll = async (action: 'pause' | 'resume'): Promise<void> => {
    const client = gantry.client();
    const filter = `state = ${action === 'pause' ? 'running' : 'paused'}`;
    const { items } = await client.call('vm.list', { query: { filter, limit: vms } });
    const body = { action, vms: items.map(({ id }) => id) };
    await client.wait(await client.call('vm.bulk', { body }));
  };
  /** Follows a link of the page itself, so that the page stays the same one. */
  const walkTo = async ([path, title]: readonly [string, string] = places[0]): Promise<void> => {
    await person.page.evaluate(
      `history.pushState({}, '', '${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
    );
    await person.page.getByRole('heading', { level: 1, name: title }).waitFor();
    await person.page.getByRole('main').getByRole('grid').first().waitFor();
  };
  const measure = async (): Promise<{ readonly heapMiB: number; readonly nodes: number }> => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    return { heapMiB: usedSize / 2 ** 20, nodes };
  };

  test('an hour of changes leaves the heap and the nodes of the page where they were', async (t) => {
    const { page } = person;
    await page.getByRole('button', { name: 'Operations and events' }).click();
    await page.getByRole('tab', { name: 'Events' }).click();
    const all: string[] = [];
    let begin = await measure();
    for (let round = 1; round <= rounds; round += 1) {
      await walkTo(places[round % places.length]);
      await actOnAll('pause');
      await actOnAll('resume');
      if (round % warmUpRounds !== 0) continue;
      await walkTo();
      const now = await measure();
      all.push(`${round}: ${now.heapMiB.toFixed(1)} MiB, ${now.nodes} nodes`);
      if (round === warmUpRounds) begin = now;
    }
    const end = await measure();
    t.diagnostic(all.join('; '));
    assert.ok(end.heapMiB < begin.heapMiB + mayGrowMiB, all.join('; '));
    assert.ok(end.nodes < 2 * begin.nodes, all.join('; '));
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
