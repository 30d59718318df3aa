/** Figures over time as graphs and tables, in a real browser and by the command, against the real coordinator with a simulated fleet. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Request } from 'playwright-core';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { samplesSchema, type SampleMetric, type Vm } from '#api';
import { encodeBlock } from '../../src/coordinator/samples/codec.ts';
import { makeGrid } from '../../src/coordinator/samples/grid.ts';
import { floorTo, hourMs, levels, type ThingLevel } from '../../src/coordinator/samples/levels.ts';
import { aggregates, columnOf } from '../../src/coordinator/samples/metrics.ts';
import { openSqliteStore } from '../../src/coordinator/store/sqlite/sqlite-store.ts';
import type { SampleBlock } from '../../src/coordinator/store/store.ts';
import { findBarriers, noBrowser, openBrowser, sitAtBrowser, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

const password = 'a long enough password';
const miB = 1024 ** 2;

/** What stands for a metric at a time, between nothing and one. */
const course = (ms: number): number => 0.5 + 0.4 * Math.sin(ms / (3 * hourMs));

const scales: Readonly<Partial<Record<SampleMetric, number>>> = {
  cpuPercent: 100,
  memoryBytes: 200 * miB,
  diskReadBytesPerSecond: 5 * miB,
  diskWrittenBytesPerSecond: 20 * miB,
  networkReceivedBytesPerSecond: miB,
  networkSentBytesPerSecond: 3 * miB,
  runningVms: 10,
};

/**
 * The first of two hours of each day of which nothing is known: in the middle of what a graph of the last day shows, and one point
 * of that of a month, whose points begin on even hours.
 */
const gapHour = (2 * Math.floor(new Date().getUTCHours() / 2) + 12) % 24;

/** A block of every metric, but for the hours of which nothing is known. */
function blockOf(level: ThingLevel, start: number, key: string): SampleBlock {
  const { stepMs, spanMs } = levels[level];
  const grid = makeGrid(spanMs / stepMs);
  for (const [metric, scale] of Object.entries(scales) as [SampleMetric, number][])
    for (const [index, aggregate] of aggregates.entries()) {
      if (level === 'minute' && index > 0) continue;
      const spread = [1, 0.7, 1.2][index] ?? 1;
      const values = Array.from({ length: grid.points }, (_, point) => {
        const ms = start + point * stepMs;
        const known = ms < Date.now() && (new Date(ms).getUTCHours() - gapHour + 24) % 24 >= 2;
        return known ? Math.min(scale, course(ms) * scale * spread) : Number.NaN;
      });
      grid.columns.set(columnOf(metric, aggregate), values);
    }
  return { level, start, key, data: encodeBlock(grid) };
}

/** As a coordinator that has run for a month would have left it; there is none at the time. */
async function writeHistory(file: string, ids: readonly string[]): Promise<void> {
  await using store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
  for (const [level, days] of [
    ['minute', 1],
    ['five-minutes', 7],
    ['hour', 30],
  ] as const) {
    const { spanMs } = levels[level];
    const blocks: SampleBlock[] = [];
    const end = floorTo(Date.now(), hourMs);
    for (let at = floorTo(end - days * 24 * hourMs, spanMs); at < end; at += spanMs)
      for (const id of ids) blocks.push(blockOf(level, at, id));
    await store.putSamples(blocks);
  }
}

describe('figures over time', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let server: string;
  let vm: Vm;

  before(async () => {
    gantry = await newGantry();
    const up = ['up', '--listen', gantry.listen, '--simulate', '1x3'];
    await gantry.must(...up);
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: 'name', limit: 1 } });
    assert.ok(items[0]);
    vm = items[0];
    await gantry.must('down');
    await writeHistory(join(gantry.data, 'coordinator', 'store.db'), [vm.id, vm.hostId]);
    const out = await gantry.must(...up);
    server = gantry.client().server;
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    const link =
      /https:\S+#link=\S+/.exec(out)?.[0] ?? (await gantry.must('user', 'link', 'admin'));
    await page.goto(link.trim());
    await page.locator('#password').fill(password);
    await page.locator('#again').fill(password);
    await page.getByRole('button', { name: 'Choose a password' }).click();
    await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry?.[Symbol.asyncDispose]();
  });

  const graph = (title: string) => person.page.getByRole('slider', { name: title, exact: true });
  const lineOf = async (title: string): Promise<string> =>
    (await graph(title).locator('.graph-line-0 .graph-average').getAttribute('d')) ?? '';

  test('MON-59 what was measured is shown as graphs, from the last hour to the last year', async () => {
    const { page } = person;
    await page.goto(`${server}/vms/${vm.id}?tab=graphs`);
    for (const title of ['Processor', 'Memory', 'Disk', 'Network', 'Disk space'])
      await graph(title).waitFor();
    for (const range of ['Day', 'Week', 'Month', 'Year'] as const) {
      await page.getByRole('button', { name: range, exact: true }).click();
      await page.waitForURL(new RegExp(`range=${range.toLowerCase()}`));
      await graph('Processor').locator('.graph-band[d*="Z"]').waitFor({ state: 'attached' });
      // The hours of which nothing is known leave gaps.
      const line = await lineOf('Processor');
      assert.ok(range === 'Year' || line.split('M').length > 2, `${range}: ${line}`);
      assert.notEqual(await graph('Processor').locator('.graph-band').getAttribute('d'), '');
      await page.screenshot({
        path: `${process.env['GRAPH_PICTURES'] ?? gantry.data}/${range}.png`,
      });
    }
    assert.deepEqual(await findBarriers(page), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: `${process.env['GRAPH_PICTURES'] ?? gantry.data}/dark.png` });
    assert.deepEqual(await findBarriers(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  test('a graph tells its values at the place that is pointed at, and by keyboard', async () => {
    const { page } = person;
    await page.goto(`${server}/vms/${vm.id}?tab=graphs&range=week`);
    await graph('Processor').locator('.graph-band[d*="Z"]').waitFor({ state: 'attached' });
    const slider = graph('Processor');
    await slider.focus();
    await page.keyboard.press('Home');
    const first = await slider.getAttribute('aria-valuetext');
    await page.keyboard.press('ArrowRight');
    const second = await slider.getAttribute('aria-valuetext');
    assert.equal(await slider.getAttribute('aria-valuenow'), '1');
    assert.match(first ?? '', /^Processor, .*: Load (\d+ %|n\/a)$/);
    assert.notEqual(first, second);
  });

  test('a graph goes on with what is seen, and is not asked for again', async () => {
    const { page } = person;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${server}/vms/${vm.id}?tab=graphs`);
    const slider = graph('Processor');
    await slider.focus();
    await page.keyboard.press('End');
    await page.locator('[aria-valuetext^="Processor"][aria-valuetext$=" %"]').waitFor();
    await gantry.must('vm', 'turn-off', vm.name, '--yes');
    await page.getByText('Off', { exact: true }).first().waitFor();
    assert.equal(asked.filter((url) => url.includes('/samples?')).length, 1, asked.join());
  });

  test('only of what is shown are figures told, and nothing is read again when that changes', async () => {
    const { page } = person;
    const watched = (shown: (ids: readonly string[]) => boolean): Promise<unknown> =>
      page.waitForRequest((request) => {
        const ids = new URL(request.url()).searchParams.get('samplesOf');
        return request.url().includes('/watch?') && ids !== null && shown(ids.split(','));
      });
    const list = watched((ids) => ids.length === 3 && ids.includes(vm.id));
    await page.goto(`${server}/vms`);
    await list;
    const asked: string[] = [];
    const note = (request: Request): void => void asked.push(new URL(request.url()).pathname);
    page.on('request', note);
    const one = watched((ids) => ids.join() === vm.id);
    await page.getByRole('link', { name: vm.name, exact: true }).first().click();
    await one;
    await gantry.must('vm', 'turn-on', vm.name);
    await page.getByText('Running', { exact: true }).first().waitFor();
    page.off('request', note);
    assert.equal(asked.filter((path) => path.endsWith(`/vms/${vm.id}`)).length, 1, asked.join());
  });

  test('the command tells the same: a line for each figure, or for each step', async () => {
    const words = [
      'vm',
      'samples',
      vm.name,
      '--from',
      '-7d',
      '--metrics',
      'cpuPercent,memoryBytes',
    ];
    const table = (await gantry.must(...words)).trimEnd().split('\n');
    assert.match(table[0] ?? '', /^METRIC +LAST +LEAST +AVERAGE +MOST +COURSE$/);
    assert.match(table[1] ?? '', /^cpuPercent .*100\.0 % .*[▁-█]{5}/);
    assert.equal(table.length, 3);
    const wide = (await gantry.must(...words, '--step', '1h', '-o', 'wide')).trimEnd().split('\n');
    assert.match(wide[0] ?? '', /^TIME +cpuPercent +memoryBytes$/);
    assert.ok(wide.length >= 169 && wide.length <= 170, `${wide.length} lines`);
    const csv = (await gantry.must(...words, '--step', '1h', '-o', 'csv')).trimEnd().split('\n');
    assert.equal(
      csv[0],
      'time,cpuPercent,cpuPercent.least,cpuPercent.most,memoryBytes,memoryBytes.least,memoryBytes.most',
    );
    assert.equal(csv.length, wide.length);
    const samples = samplesSchema.parse(await gantry.json(...words));
    assert.equal(samples.stepSeconds, 1800);
    const { code, err } = await gantry.run(['host', 'samples', 'sim', '--metrics', 'memoryBytes']);
    assert.equal(code, 2);
    assert.match(err, /a host has no memoryBytes/);
  });

  test('a vm whose files take up more than its limit says so on its page and on the status page', async () => {
    const { page } = person;
    await gantry.must('vm', 'set', vm.name, 'settings.diskSpace.warnBytes=1K');
    await page.goto(`${server}/vms/${vm.id}`);
    await page.getByText(/The files of this vm take up .*, more than its limit of 1/).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.goto(`${server}/status`);
    await page.getByText(`the files of vm ${vm.name} take up`).waitFor();
    await gantry.must('vm', 'set', vm.name, 'settings.diskSpace.warnBytes=null');
    assert.deepEqual(person.complaints, []);
  });

  test('a host has graphs of its own, and of what its vms move together', async () => {
    const { page } = person;
    await page.goto(`${server}/hosts/${vm.hostId}?tab=graphs&range=day`);
    for (const title of [
      'Processor',
      'Memory',
      'Disk of its vms together',
      'Running virtual machines',
    ])
      await graph(title).waitFor();
    const running = graph('Running virtual machines');
    await running.locator('.graph-band[d*="Z"]').waitFor({ state: 'attached' });
    assert.deepEqual(await findBarriers(page), []);
    await page.screenshot({ path: `${process.env['GRAPH_PICTURES'] ?? gantry.data}/host.png` });
    assert.deepEqual(person.complaints, []);
  });
});
