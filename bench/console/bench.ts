/**
 * The console with many simulated vms in the distribution's Chromium: bytes and requests until the list of
 * vms is useful, the time to its first row, scrolling, how soon a change is seen, and the memory of the
 * page while an hour's events go on, one after the other without the time between them.
 *
 *   node bench/console/bench.ts [VMS] [SECONDS]
 *
 * An hour's events: every vm that runs is paused and resumed, by an operation each. SECONDS is how long samples alone come before.
 * A first visit has an empty cache; another one has the page's files in it, as a person has every day.
 */
import { loadavg } from 'node:os';
import type { BrowserContext, Page } from 'playwright-core';
import { openBrowser, sitAtBrowser, signInByLink } from '../../test/e2e/browser.ts';
import { newGantry, type Gantry } from '../../test/e2e/gantry.ts';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';
import { measureVisits, noteFirstRow } from './visits.ts';

const hosts = 10;
const vms = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 60);
const changes = 20;
/** How many operations are under way at a time. */
const width = 16;
/** How often the page's memory is looked at meanwhile. */
const looks = 4;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Frames while the whole list is scrolled through, and the longest wait for one. */
async function scroll(page: Page): Promise<{ readonly frames: number; readonly worstMs: number }> {
  return (await page.evaluate(`(async () => {
    const box = document.querySelector('.list-window');
    const times = [];
    for (let step = 0; step <= 120; step += 1) {
      box.scrollTop = (box.scrollHeight * step) / 120;
      times.push(await new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    const waits = times.slice(1).map((time, index) => time - times[index]);
    return { frames: waits.length, worstMs: Math.max(...waits) };
  })()`)) as { frames: number; worstMs: number };
}

/** From the beginning of the new state, by the vm's status, to its word on the page; all on this machine's clock. */
async function measureChanges(gantry: Gantry, page: Page): Promise<readonly number[]> {
  const client = gantry.client();
  const query = { filter: 'state = running', sort: 'name', limit: 1 };
  const { items } = await client.call('vm.list', { query });
  const vm = items[0];
  if (vm === undefined) return [];
  await page.goto(`${client.server}/vms?filter=${encodeURIComponent(`id = "${vm.id}"`)}`);
  // On a busy machine too.
  await page.locator('.list-table tbody a').first().waitFor({ timeout: 60_000 });
  await page.evaluate(`
    globalThis.seen = [];
    new MutationObserver(() => {
      const word = document.querySelector('.list-table tbody .pf-v6-c-label__text')?.textContent;
      const last = globalThis.seen.at(-1);
      if (word !== undefined && last?.word !== word) globalThis.seen.push({ word, at: Date.now() });
    }).observe(document.querySelector('.list-window'), { subtree: true, childList: true, characterData: true });
  `);
  const waits: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const pause = change % 2 === 0;
    const action = pause ? 'pause' : 'resume';
    await client.wait(await client.call('vm.act', { params: { vm: vm.id, action }, body: {} }));
    await sleep(400);
    const word = pause ? 'Paused' : 'Running';
    const at = Number(
      await page.evaluate(`globalThis.seen.findLast((one) => one.word === '${word}')?.at`),
    );
    const { status } = await client.call('vm.show', { params: { vm: vm.id } });
    waits.push(at - Date.parse(status.since));
  }
  return waits;
}

async function heapMiB(context: BrowserContext, page: Page): Promise<number> {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 2 ** 20;
}

/** Every running vm is paused and resumed; `look` is asked at even distances. Answers how many events that made. */
async function liveAnHour(
  gantry: Gantry,
  look: (done: number) => Promise<void>,
): Promise<{ readonly acts: number; readonly events: number; readonly tookMs: number }> {
  const client = gantry.client();
  const running: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { filter: 'state = running', sort: 'name', limit: 1000 };
    const page = await client.call('vm.list', {
      query: cursor === undefined ? query : { ...query, cursor },
    });
    running.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const lastEvent = async (): Promise<number> =>
    (await client.call('installation.show', {})).counts.lastEvent;
  const before = await lastEvent();
  const began = performance.now();
  let acts = 0;
  const each = Math.ceil(running.length / looks);
  for (let from = 0; from < running.length; from += each) {
    const waiting = running.slice(from, from + each);
    const work = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
        for (const action of ['pause', 'resume'] as const) {
          const operation = await client.call('vm.act', { params: { vm: id, action }, body: {} });
          await client.wait(operation);
          acts += 1;
        }
    };
    await Promise.all(Array.from({ length: width }, work));
    await look(acts);
  }
  const tookMs = performance.now() - began;
  return { acts, events: (await lastEvent()) - before, tookMs };
}

await using gantry = await newGantry();
const fleet = `${hosts}x${Math.ceil(vms / hosts)}`;
const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', fleet);
const browser = await openBrowser();
try {
  const { context, page } = await sitAtBrowser(browser);
  await signInByLink(page, out);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const { server } = gantry.client();
  await page.addInitScript(noteFirstRow);
  print(`${describeMachine()}, load average ${(loadavg()[0] ?? 0).toFixed(1)}, ${vms} vms\n`);
  print(
    writeTable([
      ['list of vms', 'requests', 'transferred', 'first row after'],
      await measureVisits('first visit', 'empty', context, page, `${server}/vms`),
      await measureVisits('another visit', 'kept', context, page, `${server}/vms`),
      await measureVisits('master status, first visit', 'empty', context, page, `${server}/status`),
      await measureVisits('master status', 'kept', context, page, `${server}/status`),
    ]),
  );
  await page.goto(`${server}/vms`);
  // On a busy machine too.
  await page.locator('.list-table tbody a').first().waitFor({ timeout: 60_000 });
  const { frames, worstMs } = await scroll(page);
  print(`\nscrolled through all in ${frames} frames, the longest took ${worstMs.toFixed(0)} ms`);
  const waits = await measureChanges(gantry, page);
  print(
    `a change is seen after ${percentile(waits, 0.5).toFixed(0)} ms (median of ${waits.length}), at most ${Math.max(...waits).toFixed(0)} ms`,
  );
  await page.goto(`${server}/vms`);
  // On a busy machine too.
  await page.locator('.list-table tbody a').first().waitFor({ timeout: 60_000 });
  const before = await heapMiB(context, page);
  await sleep(seconds * 1000);
  const sampled = await heapMiB(context, page);
  print(
    `heap of the page ${before.toFixed(0)} MiB, after ${seconds} s of samples ${sampled.toFixed(0)} MiB`,
  );
  const heaps: string[] = [];
  const { acts, events, tookMs } = await liveAnHour(gantry, async (done) => {
    heaps.push(`${(await heapMiB(context, page)).toFixed(0)} MiB after ${done} actions`);
  });
  print(
    `an hour's events: ${events} of ${acts} actions, in ${(tookMs / 1000).toFixed(0)} s; heap of the page ${heaps.join(', ')}`,
  );
} finally {
  await browser.close();
}
