/**
 * The only adapter of a whole installation is shared with networks by somebody who comes in over it: the machine is a
 * network namespace, and the office, which it reaches nobody but by that adapter, is another one.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Event, HostAdapters, Network, Page } from '#api';
import { systemClock } from '#lib';
import { must, NetGuest } from '../../src/agent/testing/net-guest.ts';
import { isInOwnNetwork } from '../../src/agent/testing/own-network.ts';
import { newGantry, type Gantry } from './gantry.ts';

const adapter = 'eno1';
const own = '192.0.2.5/24';
const server = '192.0.2.5:7443';
const untilMs = 60_000;

if (isInOwnNetwork(import.meta.filename, { limitMs: 600_000 }))
  void suite('the only adapter of an installation', { concurrency: 1 }, () => {
    let gantry: Gantry;
    let office: NetGuest;
    let host: string;
    before(async () => {
      office = await NetGuest.make();
      must('ip', 'link', 'set', 'dev', office.plug(undefined), 'down', 'name', adapter);
      must('ip', 'address', 'add', own, 'dev', adapter);
      must('ip', 'link', 'set', 'dev', adapter, 'up');
      must('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
      office.run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth0');
      gantry = await newGantry();
      await gantry.must('up', '--yes', '--no-vm', '--listen', server);
      const { items } = await gantry.client().call('host.list', {});
      host = items[0]?.name ?? '';
    });
    after(async () => {
      await gantry[Symbol.asyncDispose]();
      office[Symbol.dispose]();
    });

    /** A command that is given in the office: what it asks comes over the adapter. */
    const ask = (...words: readonly string[]): string =>
      office.run('env', `GANTRY_DATA=${gantry.data}`, './gantry', ...words);
    const shown = (): HostAdapters['items'][number] | undefined =>
      (JSON.parse(ask('host', 'adapters', host, '-o', 'json')) as HostAdapters['items']).find(
        ({ name }) => name === adapter,
      );
    /** The interface that has the address of the host, and whose port the adapter is. */
    const placed = (): readonly [string, string | undefined] => {
      const links = JSON.parse(must('ip', '-json', 'address', 'show')) as readonly {
        readonly ifname: string;
        readonly master?: string;
        readonly addr_info: readonly { readonly local: string }[];
      }[];
      const holder = links.find(({ addr_info: all }) =>
        all.some(({ local }) => own.startsWith(local)),
      );
      return [holder?.ifname ?? '', links.find(({ ifname }) => ifname === adapter)?.master];
    };
    const until = async (what: string, holds: () => boolean): Promise<void> => {
      const end = Date.now() + untilMs;
      while (!holds()) {
        if (Date.now() > end) throw new Error(`not within ${untilMs} ms: ${what}`);
        await systemClock.sleep(200);
      }
    };

    void test('in one step the host has an internal network and one at its adapter, which is left as it is until it is shared', async () => {
      const said = ask('network', 'create-for-host', host);
      for (const line of ['network internal was created', 'network eno1 at eno1 was created'])
        assert.ok(said.includes(line), said);
      assert.deepEqual(placed(), [adapter, undefined]);
      assert.match(ask('network', 'create-for-host', host), /all of them are there already/);
      ask('vm', 'create', 'early', '--memory', '64M', '--network', 'eno1');
      const shownNetwork = (): string => ask('network', 'show', 'eno1', '-o', 'json');
      await until('it says why it is not carried', () =>
        shownNetwork().includes('has the address 192.0.2.5/24 of the host'),
      );
      ask('vm', 'delete', 'early', '--yes');
      ask('network', 'delete', 'eno1', '--yes');
    });

    void test('shared from outside it is verified and confirmed, a network is on it, and it is given back', async () => {
      ask('host', 'set-adapter', host, adapter, '--use', 'shared');
      const [bridge, master] = placed();
      assert.match(bridge, /^gbr\d+$/);
      assert.equal(master, bridge);
      const { use, trial, addresses, carries } = shown() ?? {};
      assert.deepEqual([use, trial, addresses], ['shared', null, [own]]);
      assert.ok(carries?.includes('default-route'), String(carries));
      ask('network', 'create', 'lan', '--type', 'bridged', '--adapter', adapter);
      ask('vm', 'create', 'plugged', '--memory', '64M', '--network', 'lan');
      const lan = (): Network => JSON.parse(ask('network', 'show', 'lan', '-o', 'json')) as Network;
      await until('the network is carried', () => lan().state === 'ready');
      assert.equal(lan().hosts[0]?.bridge, bridge);
      ask('vm', 'delete', 'plugged', '--yes');
      ask('host', 'set-adapter', host, adapter, '--use', 'any');
      assert.deepEqual([placed(), shown()?.use], [[adapter, undefined], 'any']);
    });

    void test('shared and not confirmed it is given back by itself, and that is told', async () => {
      ask(
        'host',
        'set-adapter',
        host,
        adapter,
        '--use',
        'shared',
        '--confirm-later',
        '--time',
        '5',
      );
      assert.equal(shown()?.trial?.use, 'shared');
      assert.match(placed()[0], /^gbr\d+$/);
      await until('it is undone', () => placed()[0] === adapter);
      assert.deepEqual(placed(), [adapter, undefined]);
      await until('the host says so', () => shown()?.use === 'any' && shown()?.trial === null);
      const query = { filter: 'name : adapter', limit: 20 };
      const { items } = (await gantry.client().call('event.list', { query })) as Page<Event>;
      assert.ok(
        items.some(({ name }) => name === 'host.adapter-undone'),
        items.map(({ name }) => name).join(),
      );
    });
  });
