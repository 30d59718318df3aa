/**
 * Two hypervisors of others and a host with an agent behind one coordinator: connected, listed, acted on, changed
 * beside it, lost and removed; one file because the tests build on each other, on the same three hosts.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Host, Operation, Page, Vm } from '#api';
import { connectLibvirt } from '#libvirt';
import { ForeignFleet } from './foreign-fleet.ts';
import { findForeignProcess } from './foreign-process.ts';
import { virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let fleet: ForeignFleet;
before(async () => {
  if (skip !== false) return;
  fleet = await ForeignFleet.open('left', 'right');
});
after(() => fleet?.[Symbol.asyncDispose]());

void test(
  'FED-05 a hypervisor is connected, its vms are there to be used, and nothing on it has changed',
  { skip },
  async () => {
    const before = await fleet.ask('left', 'list --all; dumpxml test');
    const host = await fleet.add('left');
    assert.equal(host.driver, 'libvirt');
    const vm = await fleet.vmOf('left');
    assert.deepEqual([vm.name, vm.state, vm.driver], ['test', 'running', 'libvirt']);
    assert.deepEqual(await fleet.ask('left', 'list --all; dumpxml test'), before);
    await fleet.act(vm, 'pause');
    assert.match((await fleet.ask('left', 'domstate test')).out, /paused/);
    await fleet.act(vm, 'resume');
  },
);

/** What a client of libvirt is told of everything. */
function askGateway(...words: readonly string[]): Promise<Ran> {
  const socket = join(fleet.stage.folder, 'run/libvirt-sock');
  return virsh(`gantry+unix:///all?socket=${socket}`, ...words);
}

async function poolNames(): Promise<readonly string[]> {
  const { out } = await askGateway('pool-list', '--all', '--name');
  return out.split(/\s+/).filter(Boolean).toSorted();
}

void test(
  'to a client of libvirt the pools of the only host that has some have their names alone',
  { skip },
  async () => {
    assert.deepEqual(await poolNames(), ['default-pool']);
    for (const name of ['default-pool', 'default-pool@left'])
      assert.match((await askGateway('pool-info', name)).out, /Name: +default-pool\n/);
  },
);

void test(
  'FED-17 the same UUID on two hosts is two vms, told as a conflict with both places',
  { skip },
  async () => {
    await fleet.add('right');
    const [left, right] = [await fleet.vmOf('left'), await fleet.vmOf('right')];
    assert.notEqual(left.id, right.id);
    assert.deepEqual(
      [left.definition.extensions['libvirt'], right.name],
      [right.definition.extensions['libvirt'], 'test@right'],
    );
    const conflict = (await fleet.eventsOf(right)).find(({ name }) => name === 'vm.conflict');
    assert.deepEqual(conflict?.attributes, { other: 'test on left', what: 'UUID' });
    assert.ok(conflict?.ancestors.some(({ name }) => name === 'right'));
  },
);

void test(
  'to a client of libvirt pools of several hosts are called after these, and a name alone is answered with what it can mean',
  { skip },
  async () => {
    assert.deepEqual(await poolNames(), ['default-pool@left', 'default-pool@right']);
    const { err } = await askGateway('pool-info', 'default-pool');
    assert.match(err, /default-pool@left, default-pool@right; or connect to one host/);
  },
);

void test(
  'FED-44 to a client of libvirt the second of two vms of one name is called after its host, each time anew',
  { skip },
  async () => {
    for (let connection = 0; connection < 2; connection += 1) {
      const { out, err } = await askGateway('list', '--all', '--name');
      assert.equal(err, '');
      const names = out.trim().split('\n');
      assert.deepEqual(names.filter((name) => name.startsWith('test')).toSorted(), [
        'test',
        'test@right',
      ]);
      for (const [name, vm] of [
        ['test', 'test@left'],
        ['test@right', 'test@right'],
      ] as const) {
        assert.equal((await askGateway('domuuid', name)).out.trim(), fleet.stage.vm(vm)?.id);
        assert.ok((await askGateway('dumpxml', name)).out.includes(`<name>${name}</name>`));
      }
    }
    assert.equal((await askGateway('domuuid', 'test@left')).code, 1);
  },
);

/** Of a connection that is about one host. */
function askHost(host: string, ...words: readonly string[]): Promise<Ran> {
  const socket = join(fleet.stage.folder, 'run/libvirt-sock');
  return virsh(`gantry+unix:///host/${host}?socket=${socket}`, ...words);
}

void test(
  'to a client of libvirt networks of hypervisors are called after their hosts, beside those of Gantry, and are described as there',
  { skip },
  async () => {
    const body = { name: 'lan', ipv4: { subnet: '10.80.0.0/24' } };
    assert.equal((await fleet.stage.send('POST', '/networks', { body })).status, 200);
    const names = async (): Promise<string> => (await askGateway('net-list', '--all')).out;
    assert.match(
      await names(),
      / default@left +active +no +yes\n default@right +active +no +yes\n lan +active +yes +yes\n/,
    );
    const theirs = (await fleet.ask('left', 'net-dumpxml default')).out;
    // The test driver's network has the same UUID everywhere.
    const [uuid, other] = await Promise.all(
      ['left', 'right'].map(async (host) =>
        (await askGateway('net-uuid', `default@${host}`)).out.trim(),
      ),
    );
    assert.ok(uuid !== undefined && uuid !== other && !theirs.includes(uuid));
    assert.equal((await askGateway('net-name', uuid)).out.trim(), 'default@left');
    assert.equal(
      (await askGateway('net-dumpxml', 'default@left')).out,
      theirs
        .replace('<name>default<', '<name>default@left<')
        .replace(/<uuid>.*</, `<uuid>${uuid}<`),
    );
    assert.match(
      (await askGateway('net-info', 'default')).err,
      /called default@left, default@right/,
    );
    assert.match((await askHost('left', 'net-list', '--name')).out, /^default\n+$/);
    assert.equal((await askHost('left', 'net-dumpxml', 'default@left')).out, theirs);
    assert.match((await askHost('own', 'net-list', '--name')).out, /^lan\n+$/);
    assert.equal((await fleet.stage.send('DELETE', '/networks/lan')).status, 204);
  },
);

void test(
  'a client of libvirt makes and changes networks of a hypervisor there, with its description as it is, and not over a connection that only reads',
  { skip },
  async () => {
    const file = join(fleet.stage.folder, 'network.xml');
    const define = async (name: string, more = ''): Promise<Ran> => {
      await writeFile(
        file,
        `<network>${more}<name>${name}</name><forward mode='route'/><bridge name='virbr9'/><mtu size='9000'/>
        <ip address='10.81.0.1' netmask='255.255.255.0'/></network>`,
      );
      return await askGateway('net-define', file);
    };
    const done = async (words: string): Promise<void> => {
      const { code, err } = await askGateway(...words.split(' '));
      assert.equal(code, 0, `${words}: ${err}`);
    };
    const there = async (name: string): Promise<string> =>
      (await fleet.ask('right', `net-info ${name}`)).out;
    assert.equal((await define('lab@right')).code, 0);
    assert.match(
      (await fleet.ask('right', 'net-dumpxml lab')).out,
      /mode='route'[^]*<mtu size='9000'/,
    );
    assert.match((await askGateway('net-info', 'lab@right')).out, /Active: +no\n[^]*virbr9/);
    await done('net-start lab@right');
    await done('net-autostart lab@right');
    assert.match(await there('lab'), /Active: +yes\nPersistent: +yes\nAutostart: +yes/);
    const twice = await askGateway('net-start', 'lab@right');
    assert.match(twice.err, /'lab' is already running/);
    // The same UUID on both, as of hosts that were cloned.
    const uuid = (await askGateway('net-uuid', 'lab@right')).out.trim();
    assert.equal(uuid, (await fleet.ask('right', 'net-uuid lab')).out.trim());
    assert.equal((await define('lab@left', `<uuid>${uuid}</uuid>`)).code, 0);
    const uuids = ['left', 'right'].map(async (host) =>
      (await askGateway('net-uuid', `lab@${host}`)).out.trim(),
    );
    assert.equal(new Set([uuid, ...(await Promise.all(uuids))]).size, 3);
    await writeFile(file, (await askGateway('net-dumpxml', 'lab@left')).out);
    await done(`net-define ${file}`);
    assert.equal((await fleet.ask('left', 'net-uuid lab')).out.trim(), uuid);
    await done('net-undefine lab@left');
    await done('net-destroy lab@right');
    assert.match(await there('lab'), /Active: +no/);
    await done('net-undefine lab@right');
    assert.equal((await fleet.ask('right', 'net-info lab')).code, 1);
    const used = await fleet.list<Event>(
      `/events?filter=${encodeURIComponent('name = host.extension.used')}&limit=200`,
    );
    assert.ok(used.items.some(({ attributes }) => attributes['extension'] === 'network-define'));
    const reads = join(fleet.stage.folder, 'run/libvirt-sock-ro');
    const readOnly = await virsh(
      `gantry+unix:///all?socket=${reads}`,
      'net-destroy',
      'default@left',
    );
    assert.match(readOnly.err, /read.?only/i);
  },
);

void test(
  'GRP-31 FED-03 vms of two libvirt daemons and of an agent are stopped, started and listed by one call each',
  { skip },
  async () => {
    const { items } = await fleet.list<Vm>('/vms?sort=name');
    assert.equal(items.length, 5);
    // The simulated host comes with vms in various states.
    const chosen = items.filter(({ state }) => state !== 'saved').map(({ id }) => id);
    assert.equal(new Set(items.map(({ host }) => host)).size, 3);
    assert.deepEqual(new Set(items.map(({ driver }) => driver)), new Set(['libvirt', 'simulated']));
    const bulk = async (action: string): Promise<void> => {
      const { state, result } = await fleet.stage.act('POST', '/vms/bulk', { action, vms: chosen });
      assert.equal(state, 'done', JSON.stringify(result));
    };
    await bulk('turn-on');
    const states = async (): Promise<string[]> =>
      (await fleet.list<Vm>('/vms')).items
        .filter(({ id }) => chosen.includes(id))
        .map(({ state }) => state);
    assert.deepEqual(new Set(await states()), new Set(['running']));
    await bulk('turn-off');
    assert.deepEqual(new Set(await states()), new Set(['off']));
    assert.match((await fleet.ask('right', 'domstate test')).out, /shut off/);
    await bulk('turn-on');
  },
);

void test(
  'GRP-03 each machine whose hypervisor runs vms is a host, with the type of its driver as an attribute',
  { skip },
  async () => {
    const { items } = await fleet.list<Host>('/hosts?sort=name');
    assert.deepEqual(
      items.map(({ kind, name, driver, vms, facts }) => [
        kind,
        name,
        driver,
        facts?.hypervisor.name,
        vms,
      ]),
      [
        ['host', 'left', 'libvirt', 'TEST', 1],
        ['host', 'own', 'simulated', 'simulated', 3],
        ['host', 'right', 'libvirt', 'TEST', 1],
      ],
    );
    const query = encodeURIComponent('driver = libvirt');
    const found = await fleet.list<Host>(`/hosts?sort=name&filter=${query}`);
    assert.deepEqual(
      found.items.map(({ name }) => name),
      ['left', 'right'],
    );
  },
);

void test(
  'FED-14 vms of all connections and agents stand in one list, sorted, filtered and in pages',
  { skip },
  async () => {
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await fleet.list<Vm>(`/vms?sort=name&limit=2${cursor}`);
      assert.equal(page.total, 5);
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`;
    } while (cursor !== '');
    assert.equal(names.length, 5);
    assert.deepEqual(
      names,
      (await fleet.list<Vm>('/vms?sort=name')).items.map(({ name }) => name),
    );
    const { items } = await fleet.list<Vm>(`/vms?filter=${encodeURIComponent('driver = libvirt')}`);
    assert.deepEqual(new Set(items.map(({ host }) => host)), new Set(['left', 'right']));
  },
);

void test(
  'GRP-35 FED-11 FED-12 FED-13 the vms of one host, of several and of all are listed with name, UUID, state and resources, running or not',
  { skip },
  async () => {
    const fields = 'name,uuid,state,host,hypervisor,definition.hardware.memory.sizeBytes';
    const listed = async (filter?: string): Promise<readonly Partial<Vm>[]> =>
      (
        await fleet.list<Partial<Vm>>(
          `/vms?fields=${fields}${filter === undefined ? '' : `&filter=${encodeURIComponent(filter)}`}`,
        )
      ).items.toSorted((one, other) => (one.host ?? '').localeCompare(other.host ?? ''));
    await fleet.elsewhere('right', 'destroy test');
    await fleet.stage.until(() => fleet.stage.vm('test@right')?.state === 'off', 'it is off');
    const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f';
    const rest = {
      uuid,
      hypervisor: 'TEST',
      definition: { hardware: { memory: { sizeBytes: 2 * 1024 ** 3 } } },
    };
    const left = { name: 'test', host: 'left', state: 'running', ...rest };
    const right = { name: 'test@right', host: 'right', state: 'off', ...rest };
    assert.deepEqual(await listed('host = right'), [right]);
    assert.deepEqual(await listed(`uuid = ${uuid}`), [left, right]);
    const own = await listed('host = own');
    assert.equal(own.length, 3);
    assert.ok(own.every(({ uuid: one }) => one !== undefined && one !== uuid));
    assert.deepEqual(await listed('host = left OR host = right'), [left, right]);
    const both = await listed('host = right OR host = own');
    assert.deepEqual(both, [...own, right]);
    assert.deepEqual(await listed(), [left, ...both]);
    await fleet.elsewhere('right', 'start test');
    await fleet.stage.until(
      () => fleet.stage.vm('test@right')?.state === 'running',
      'it runs again',
    );
  },
);

void test(
  'FED-15 the vms of one type of hypervisor are listed across hosts',
  { skip },
  async () => {
    const of = async (type: string): Promise<readonly string[]> => {
      const query = encodeURIComponent(`hypervisor = ${type}`);
      return (await fleet.list<Vm>(`/vms?sort=host&filter=${query}`)).items.map(({ host }) => host);
    };
    assert.deepEqual(await of('TEST'), ['left', 'right']);
    const [simulated] = (await fleet.list<Vm>('/vms?filter=host%20%3D%20own')).items;
    assert.deepEqual(await of(simulated?.hypervisor ?? ''), ['own', 'own', 'own']);
  },
);

void test(
  'FED-02 connections come back by themselves, also when the process that keeps them was killed',
  { skip },
  async () => {
    const pid = await findForeignProcess();
    process.kill(pid, 'SIGKILL');
    await fleet.stage.until(() => fleet.stage.host('left')?.status === 'unreachable', 'it is lost');
    await fleet.stage.until(() => fleet.stage.host('left')?.status === 'ready', 'it is back');
    assert.notEqual(await findForeignProcess(), pid);
    await fleet.stage.until(
      () => fleet.stage.host('right')?.status === 'ready',
      'the other one, too',
    );
    await fleet.act(await fleet.vmOf('left'), 'pause');
    await fleet.act(await fleet.vmOf('left'), 'resume');
  },
);

void test(
  'FED-06 what another tool does is shown and told, and stays as it is',
  { skip },
  async () => {
    const vm = await fleet.vmOf('right');
    const told = (await fleet.eventsOf(vm)).length;
    await fleet.elsewhere('right', 'suspend test');
    await fleet.stage.until(() => fleet.stage.vm('test@right')?.state === 'paused', 'it is paused');
    const [event] = (await fleet.eventsOf(vm)).slice(told);
    assert.deepEqual([event?.name, event?.actor.kind], ['vm.state.suspended', 'external']);
    await fleet.elsewhere('right', 'resume test');
    await fleet.stage.until(() => fleet.stage.vm('test@right')?.state === 'running', 'it runs');
    assert.equal((await fleet.vmOf('left')).state, 'running');
  },
);

void test(
  'FED-20 a vm that is renamed elsewhere is the same vm, under its new name',
  { skip },
  async () => {
    const { id } = await fleet.vmOf('right');
    const { out } = await fleet.ask('right', 'dumpxml test');
    const file = join(fleet.stage.folder, 'renamed.xml');
    await writeFile(file, out.replace('<name>test</name>', '<name>web</name>'));
    await fleet.elsewhere('right', 'destroy test; undefine test');
    await fleet.stage.until(
      () => fleet.stage.vm('test@right')?.state === 'unknown',
      'it has vanished',
    );
    await fleet.elsewhere('right', `define ${file}`);
    await fleet.stage.until(() => fleet.stage.vm('web')?.state === 'off', 'it is there again');
    assert.equal((await fleet.vmOf('right')).id, id);
    assert.equal(fleet.stage.vm('test@right'), undefined);
  },
);

void test(
  'a coordinator that was restarted shows the same vms, since when they are as they are, and tells nothing twice',
  { skip },
  async () => {
    const before = await fleet.vmOf('left');
    const told = (await fleet.eventsOf(before)).map(({ name }) => name);
    await fleet.stage.restart();
    for (const name of ['left', 'right'])
      await fleet.stage.until(
        () => fleet.stage.host(name)?.status === 'ready',
        `${name} is connected`,
      );
    const after = await fleet.vmOf('left');
    assert.deepEqual([after.id, after.state, after.name], [before.id, before.state, before.name]);
    assert.equal(after.status.since, before.status.since);
    assert.deepEqual(
      (await fleet.eventsOf(after)).map(({ name }) => name),
      told,
    );
  },
);

void test(
  'FED-04 a hypervisor that is gone delays nobody, and is shown with the reason and its age',
  { skip },
  async () => {
    await fleet.lose('right');
    await fleet.stage.until(
      () => fleet.stage.host('right')?.status === 'unreachable',
      'it is lost',
    );
    const host = fleet.stage.host('right');
    assert.match(host?.statusReason ?? '', /libvirt-sock|test\+unix/);
    assert.ok(Date.parse(host?.lastSeenAt ?? '') <= Date.now());
    await fleet.stage.until(
      () => fleet.stage.host('right')?.connection?.lastError !== null,
      'it says why',
    );
    assert.equal(fleet.stage.host('right')?.connection?.state, 'connecting');
    const gone = await fleet.vmOf('right');
    assert.match((await askGateway('net-list', '--all')).out, /default@left +active/);
    const pools = (await askGateway('pool-list', '--all')).out;
    assert.match(pools, /default-pool@left +active/);
    assert.match(pools, /default-pool@right +inactive/);
    assert.match(
      (await askGateway('pool-dumpxml', 'default-pool@right')).out,
      /<path>\/default-pool</,
    );
    // The test driver begins anew when its last connection ends, as with the coordinator's restart.
    assert.deepEqual([gone.state, gone.name], ['unknown', 'test@right']);
    assert.equal((await fleet.vmOf('left')).state, 'running');
    await fleet.act(await fleet.vmOf('left'), 'pause');
  },
);

void test(
  'what a driver has beyond the functions of all is asked for by its name, by those who may, and told',
  { skip },
  async () => {
    const ask = (path: string, token?: string, argument?: string) =>
      fleet.stage.send('POST', path, {
        body: argument === undefined ? {} : { argument },
        ...(token === undefined ? {} : { token }),
      });
    const facts = fleet.stage.host('left')?.facts ?? assert.fail('nothing is known of it');
    const network = (word: string): string => `host network-${word}`;
    const pool = (word: string): string => `host pool-${word}`;
    assert.deepEqual(
      facts.extensions?.map(({ name, of }) => `${of} ${name}`),
      [
        'vm domain-xml',
        'host capabilities',
        'host node-devices',
        'host networks',
        ...['xml', 'leases', 'bridge', 'define', 'create', 'start', 'stop'].map(network),
        ...['undefine', 'autostart', 'update'].map(network),
        'host pools',
        ...['xml', 'sources', 'define', 'create', 'start', 'build', 'delete'].map(pool),
        ...['refresh', 'stop', 'undefine', 'autostart'].map(pool),
      ],
    );
    const vm = await fleet.vmOf('left');
    const xml = await ask(`/vms/${vm.id}/extensions/domain-xml`);
    assert.equal(xml.status, 200, xml.text);
    const { output } = xml.json as { output: string };
    assert.equal(output.trim(), (await virsh(fleet.address('left'), 'dumpxml test')).out.trim());
    const capabilities = await ask('/hosts/left/extensions/capabilities');
    assert.match((capabilities.json as { output: string }).output, /<capabilities>/);
    const [last] = (await fleet.eventsOf(vm)).slice(-1);
    assert.deepEqual(
      [last?.name, last?.attributes, last?.actor.kind],
      ['vm.extension.used', { extension: 'domain-xml', argument: '' }, 'user'],
    );
    const refused = async (path: string, status: number, words: RegExp, ...more: string[]) => {
      const answer = await ask(path, ...more);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, words);
    };
    await refused(`/vms/${vm.id}/extensions/qemu-monitor-command`, 404, /it has: domain-xml/);
    const [own] = (await fleet.list<Vm>('/vms?filter=host%20%3D%20own')).items;
    await refused(`/vms/${own?.id}/extensions/domain-xml`, 404, /no extension domain-xml/);
    const operator = await fleet.stage.addUser('ext', [
      { role: 'vm-administrator', objectKind: 'vm', object: vm.id },
    ]);
    await refused(`/vms/${vm.id}/extensions/domain-xml`, 403, /host\.extensions/, operator);
    await refused('/hosts/left/extensions/capabilities', 404, /./, operator);
  },
);

void test(
  'GRP-44 GRP-45 GRP-46 GRP-47 all vms of a host in the fitting state are powered on, off, suspended and resumed, also those that others run and the person does not see',
  { skip },
  async () => {
    const { stage } = fleet;
    const { out } = await fleet.ask('left', 'dumpxml test');
    const file = join(stage.folder, 'spare.xml');
    const uuid = randomUUID();
    const spare = out
      .replace('<name>test</name>', '<name>spare</name>')
      .replace(/<uuid>.*<\/uuid>/, `<uuid>${uuid}</uuid>`);
    await writeFile(file, spare);
    await fleet.elsewhere('left', `define ${file}`);
    await stage.until(() => stage.vm('spare')?.state === 'off', 'it is found');
    await stage.act('POST', '/hosts/left/actions/resume-all', {});
    const body = { name: 'porter', verbs: ['host.view', 'host.power', 'operation.view'] };
    assert.equal((await stage.send('POST', '/roles', { body })).status, 200);
    const token = await stage.addUser('porter', [
      { role: 'porter', objectKind: 'host', object: 'left' },
    ]);
    const seen = await stage.send('GET', '/vms', { token });
    assert.deepEqual((seen.json as Page<Vm>).items, []);
    const states = async (): Promise<readonly string[]> =>
      Promise.all(
        ['test', 'spare'].map(async (name) =>
          (await fleet.ask('left', `domstate ${name}`)).out.trim(),
        ),
      );
    const all = async (action: string, acted: readonly string[]): Promise<void> => {
      const path = `/hosts/left/actions/${action}`;
      const { json, status, text } = await stage.send('POST', path, { token, body: {} });
      assert.equal(status, 202, text);
      const { id } = json as Operation;
      const { state, result } = await stage.coordinator.operations.wait(id, 20_000);
      assert.equal(state, 'done', JSON.stringify(result));
      assert.deepEqual([result?.['actedOn'], result?.['failed']], [acted, []], action);
    };
    const both = ['spare', 'test'];
    assert.deepEqual(await states(), ['running', 'shut off']);
    await all('turn-on-all', ['spare']);
    assert.deepEqual(await states(), ['running', 'running']);
    await all('pause-all', both);
    assert.deepEqual(await states(), ['paused', 'paused']);
    await all('resume-all', both);
    assert.deepEqual(await states(), ['running', 'running']);
    await all('turn-off-all', both);
    assert.deepEqual(await states(), ['shut off', 'shut off']);
    await stage.act('DELETE', '/vms/spare');
  },
);

void test(
  'a connection is removed with the vms seen over it, which stay as they are',
  { skip },
  async () => {
    // The test driver begins anew when its last connection ends.
    await using other = await connectLibvirt(fleet.address('left'));
    const before = await fleet.ask('left', 'list --all');
    const { id } = await fleet.vmOf('left');
    const { status, text } = await fleet.stage.send('DELETE', '/hosts/left');
    assert.ok(status < 300, text);
    assert.equal(fleet.stage.host('left'), undefined);
    assert.equal(fleet.stage.coordinator.inventory.vm(id), undefined);
    assert.deepEqual(await fleet.ask('left', 'list --all'), before);
    await other.call('CONNECT_GET_TYPE', {});
  },
);
