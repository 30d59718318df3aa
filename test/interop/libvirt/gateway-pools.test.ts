/** Storage pools of hypervisors of others, as virsh defines, starts and changes them through the gateway. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEntry, HypervisorNetwork, HypervisorPool } from '#api';
import { ForeignFleet } from './foreign-fleet.ts';
import { virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let fleet: ForeignFleet;
before(async () => {
  if (skip !== false) return;
  fleet = await ForeignFleet.open('left', 'right');
  await Promise.all([fleet.add('left'), fleet.add('right')]);
});
after(() => fleet?.[Symbol.asyncDispose]());

const at = (path: string, words: string, more: readonly string[] = []): Promise<Ran> => {
  const address = `gantry+unix:///${path}?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
  return virsh(address, ...words.split(' '), ...more);
};

async function done(path: string, words: string): Promise<string> {
  const { code, out, err } = await at(path, words);
  assert.equal(code, 0, `${words}: ${err}`);
  return out;
}

/** That libvirtd itself says the same. */
async function same(words: string): Promise<string> {
  const [here, there] = [
    await at('host/left', words),
    await fleet.ask('left', ...words.split(' ')),
  ];
  assert.deepEqual([here.code, here.out, here.err], [there.code, there.out, there.err], words);
  return here.out;
}

void test(
  'a pool is defined, built, started, filled, stopped and forgotten on its hypervisor, and each answer is that of its libvirtd',
  { skip },
  async () => {
    await same('pool-list --all --details');
    await done('host/left', 'pool-define-as lab dir --target /srv/lab');
    assert.match(await same('pool-list --all'), /lab +inactive +no/);
    assert.match(await same('pool-list --inactive'), /lab/);
    await same('pool-info lab');
    assert.match((await at('host/left', 'vol-list lab')).err, /storage pool 'lab' is not active\n/);
    for (const words of ['build', 'start', 'autostart', 'refresh'])
      await done('host/left', `pool-${words} lab`);
    assert.match(await same('pool-list --all --autostart'), /lab +active +yes/);
    assert.match(await same('pool-info lab'), /State: +running\nPersistent: +yes\nAutostart: +yes/);
    await same('pool-dumpxml lab');
    await same('pool-uuid lab');
    await done('host/left', 'vol-create-as lab one.img 4M');
    assert.match(await same('vol-list lab'), /one\.img +\/srv\/lab\/one\.img/);
    await same('pool-start lab');
    await done('host/left', 'pool-autostart lab --disable');
    assert.match(await same('pool-list --all'), /lab +active +no/);
    await done('host/left', 'pool-destroy lab');
    assert.match(await same('pool-list --all'), /lab +inactive/);
    await done('host/left', 'pool-undefine lab');
    assert.doesNotMatch(await same('pool-list --all'), /lab/);
    await same('pool-info lab');
  },
);

void test(
  'pools of one name are told apart by their hosts, and one is defined for the host behind its name',
  { skip },
  async () => {
    const names = (await done('all', 'pool-list --all --name')).split('\n').map((it) => it.trim());
    for (const host of ['left', 'right'])
      assert.ok(names.includes(`default-pool@${host}`), names.join(' '));
    await done('all', 'pool-create-as shelf@right dir --target /srv/shelf');
    assert.match((await fleet.ask('right', 'pool-list --transient')).out, /shelf +active/);
    assert.doesNotMatch((await fleet.ask('left', 'pool-list --all')).out, /shelf/);
    const xml = await done('all', 'pool-dumpxml shelf@right');
    assert.match(xml, /<name>shelf@right<\/name>/);
    const uuid = /<uuid>(.*)<\/uuid>/.exec(xml)?.[1] ?? '';
    assert.equal((await fleet.ask('right', 'pool-uuid shelf')).out.trim(), uuid);
    assert.equal((await done('all', `pool-name ${uuid}`)).trim(), 'shelf@right');
    // What is dumped is defined again, and is the same pool.
    const file = join(fleet.stage.folder, 'pool.xml');
    await writeFile(file, xml.replaceAll('/srv/shelf', '/srv/shelves'));
    await done('all', `pool-define ${file}`);
    assert.equal((await fleet.ask('right', 'pool-uuid shelf')).out.trim(), uuid);
    await fleet.stage.until(
      () =>
        fleet.stage.host('right')?.facts?.foreign?.pools.some(({ name }) => name === 'shelf') ===
        true,
      'the host tells of its new pool',
    );
    await done('all', 'pool-destroy shelf@right');
    const { items } = await fleet.list<AuditEntry>('/audit?limit=50');
    assert.ok(items.some(({ route }) => route === 'host.extension'));
  },
);

void test(
  'the API lists networks and pools of a hypervisor as it tells them, and says where those of a host with an agent are',
  { skip },
  async () => {
    const ask = async (extension: string, argument: string): Promise<void> => {
      const path = `/hosts/left/extensions/pool-${extension}`;
      const { status, text } = await fleet.stage.send('POST', path, { body: { argument } });
      assert.equal(status, 200, text);
    };
    const xml =
      '<pool type="dir"><name>attic</name><target><path>/srv/attic</path></target></pool>';
    await ask('define', xml);
    await ask('start', 'attic');
    await ask('stop', 'attic');
    const get = (path: string): ReturnType<typeof fleet.stage.send> =>
      fleet.stage.send('GET', path);
    const { items: pools } = (await get('/hosts/left/pools')).json as { items: HypervisorPool[] };
    assert.deepEqual(
      pools.map(({ name, active, path }) => [name, active, path]),
      [
        ['attic', false, '/srv/attic'],
        ['default-pool', true, '/default-pool'],
      ],
    );
    const { json } = await get('/hosts/left/networks');
    assert.deepEqual(
      (json as { items: HypervisorNetwork[] }).items.map(({ name, active }) => [name, active]),
      [['default', true]],
    );
    for (const [place, where] of [
      ['networks', /gantry network list/],
      ['pools', /gantry host disks/],
    ] as const) {
      const { status, text } = await get(`/hosts/own/${place}`);
      assert.equal(status, 422, text);
      assert.match(text, where);
    }
  },
);
