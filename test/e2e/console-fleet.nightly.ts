/** The console over a fleet of 100 hosts with 5000 vms: what its tree and lists ask for does not grow with what there is. Times are measured in bench/console. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from '#api';
import { findBarriers, followTo, noBrowser } from './browser.ts';
import { ConsoleRoom } from './console-room.ts';

const miB = 1024 ** 2;
const [hosts, vms] = [100, 5000];

interface Asked {
  readonly path: string;
  readonly bytes: number;
  readonly items: number;
}

describe('a large fleet in the console', { skip: noBrowser }, () => {
  let room: ConsoleRoom;
  before(async () => {
    room = await ConsoleRoom.open(`${hosts}x${vms / hosts}`);
  });
  after(() => room?.[Symbol.asyncDispose]());

  test('GRP-74 of 100 hosts with 5000 vms the tree and each list ask few questions, of which none is answered with more than a page', async () => {
    const { page } = room.person;
    page.context().setDefaultTimeout(120_000);
    const answers: Promise<Asked | undefined>[] = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/api/v1/') || /watch/.test(pathname)) return;
      const read = async (): Promise<Asked | undefined> => {
        const text = await response.text().catch(() => undefined);
        if (text === undefined || response.status() !== 200) return undefined;
        const { items } = JSON.parse(text) as Partial<Page<unknown>>;
        return { path: pathname, bytes: text.length, items: items?.length ?? 0 };
      };
      answers.push(read());
    });
    /** What has been asked for until all that was asked is shown. */
    const asked = async (): Promise<readonly Asked[]> => {
      await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
      const all = (await Promise.all(answers.splice(0))).filter((one) => one !== undefined);
      for (const { path, items } of all) assert.ok(items <= 1000, `${path}: ${items} items`);
      assert.ok(all.reduce((sum, { bytes }) => sum + bytes, 0) < 2 * miB, JSON.stringify(all));
      return all;
    };
    const vmPages = (all: readonly Asked[]): readonly Asked[] =>
      all.filter(({ path }) => path.endsWith('/vms'));
    const counted = async (name: string, count: number): Promise<void> =>
      page.locator(`[role=grid][aria-label="${name}"][aria-rowcount="${count + 1}"]`).waitFor();

    await room.show('/vms');
    await counted('Virtual machines', vms);
    const first = await asked();
    assert.ok(first.length <= 20, JSON.stringify(first));
    assert.ok(vmPages(first).length <= 4, JSON.stringify(first));
    for (const { items } of vmPages(first)) assert.ok(items <= 200, String(items));

    await page.evaluate(`(() => {
      const box = document.querySelector('.list-window');
      box.scrollTop = box.scrollHeight;
    })()`);
    const query = { sort: '-name', limit: 1 };
    const [final] = (await room.gantry.client().call('vm.list', { query })).items;
    await page.getByRole('link', { name: final?.name ?? '', exact: true }).waitFor();
    assert.ok(vmPages(await asked()).length <= 3, 'the end of the list is reached at once');

    await followTo(page, '/hosts');
    await counted('Hosts', hosts);
    assert.ok((await asked()).length <= 10);

    const tree = page.getByRole('tree');
    const group = tree.getByRole('treeitem', { name: 'Hosts', exact: true });
    if ((await group.getAttribute('aria-expanded')) === 'false') await group.press('ArrowRight');
    const host = tree.getByRole('treeitem', { name: /^sim-1 / }).first();
    await host.press('ArrowRight');
    await tree
      .getByRole('treeitem', { name: /^sim-1-|Virtual machine$/ })
      .first()
      .waitFor();
    const unfolded = await asked();
    assert.ok(unfolded.length <= 6, JSON.stringify(unfolded));
    for (const { items } of vmPages(unfolded)) assert.ok(items <= 100, String(items));
    assert.deepEqual(await findBarriers(page), []);
  });
});
