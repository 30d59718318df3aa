/**
 * Gantry as a libvirt server: an unmodified virsh on a coordinator with two simulated hosts, and our own client where
 * the numbers of libvirt's errors matter. The tests use one fleet; each leaves its vms as it likes.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEntry, Event, GuestFreeze, Network, Page, Vm } from '#api';
import { isFault } from '#lib';
import { connectLibvirt, libvirtFacts, type ProcedureName } from '#libvirt';
import {
  FakeAgent,
  makeDefinition,
  makeRecord,
} from '../../../src/coordinator/testing/fake-agent.ts';
import { askedProcedures, plainArgs, refusedProcedures } from './client-sets.ts';
import { errorOf, GatewayRoom, lookUp } from './gateway-room.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh');

let room: GatewayRoom;
before(async () => {
  room = await GatewayRoom.open();
});
after(() => room[Symbol.asyncDispose]());

void test(
  'FED-39 virsh lists names, UUIDs and states of all vms of all hosts, and acts on any of them',
  { skip },
  async () => {
    const names = (await room.say('list', '--all', '--name')).trim().split('\n');
    assert.deepEqual(
      names.toSorted(),
      room
        .vms()
        .map(({ name }) => name)
        .toSorted(),
    );
    const uuids = (await room.say('list', '--all', '--uuid')).trim().split('\n');
    assert.deepEqual(
      uuids.toSorted(),
      room
        .vms()
        .map(({ id }) => id)
        .toSorted(),
    );
    const useVmOf = async (host: string): Promise<void> => {
      const { name, id } = await room.offVm(host);
      const state = async (): Promise<string> => (await room.say('domstate', name)).trim();
      assert.match(await room.say('list', '--all'), new RegExp(`- +${name} +shut off`));
      await room.say('start', name);
      assert.equal(await state(), 'running');
      assert.equal(room.stage.vm(name)?.state, 'running');
      assert.match(await room.say('list'), new RegExp(`\\d+ +${name} +running`));
      await room.say('inject-nmi', name);
      await room.say('suspend', name);
      assert.equal(await state(), 'paused');
      await room.say('resume', name);
      await room.say('managedsave', name);
      assert.equal(room.stage.vm(name)?.state, 'saved');
      assert.match(await room.say('dominfo', name), /Managed save: +yes/);
      await room.say('start', name);
      assert.equal(await state(), 'running');
      const xml = await room.say('dumpxml', id);
      assert.match(xml, new RegExp(`<name>${name}</name>\\s+<uuid>${id}</uuid>`));
      assert.match(xml, new RegExp(`>${host}</gantry:host>`));
      await room.say('destroy', name);
      assert.equal(await state(), 'shut off');
      assert.match(await room.say('domstate', name, '--reason'), /^shut off \(destroyed\)/);
    };
    await Promise.all([useVmOf('h1'), useVmOf('h2')]);
    const { name } = await room.offVm('h1');
    await room.say('start', name);
    await room.say('shutdown', name);
    // The guest is on its way; how long it takes is its own affair.
    assert.match(await room.say('domstate', name), /in shutdown|shut off/);
    await using client = await connectLibvirt(room.address());
    const dom = await lookUp(client, name);
    await room.stage.until(() => room.stage.vm(name)?.state === 'off', 'its guest has shut down');
    // The host has said so, and the operation is not at its end yet: what comes behind waits for it, and is not refused.
    await client.call('DOMAIN_SET_AUTOSTART', { dom, autostart: 0 });
    assert.match(await room.say('domstate', name, '--reason'), /^shut off \(shutdown\)/);
  },
);

void test('virsh describes a vm as it is', { skip }, async () => {
  const { name, definition } = await room.offVm('h1');
  const info = await room.say('dominfo', name);
  assert.match(info, new RegExp(`CPU\\(s\\): +${definition.hardware.processor.count}\n`));
  assert.match(info, new RegExp(`Max memory: +${definition.hardware.memory.sizeBytes / 1024} KiB`));
  assert.match(info, /Persistent: +yes\nAutostart: +disable\nManaged save: +no/);
  await room.say('autostart', name);
  assert.match(await room.say('dominfo', name), /Autostart: +enable/);
  assert.equal(room.stage.vm(name)?.definition.settings.start.onHostStart, 'always');
  await room.say('autostart', '--disable', name);
  assert.match(
    await room.say('list', '--all', '--no-autostart', '--name'),
    new RegExp(`${name}\n`),
  );
  await room.say('set-lifecycle-action', name, 'reboot', 'destroy', '--config');
  await room.say('set-lifecycle-action', name, 'crash', 'restart', '--config');
  const { settings } = room.stage.vm(name)?.definition ?? assert.fail();
  assert.deepEqual([settings.onGuestReboot, settings.failure.reaction], ['turn-off', 'restart']);
  const kept = await virsh(room.address(), 'set-lifecycle-action', name, 'poweroff', 'preserve');
  assert.match(kept.err, /a vm is off when its guest shuts down/);
  for (const asked of ['guestinfo', 'domfsinfo', 'domhostname'])
    assert.match((await virsh(room.address(), asked, name)).err, /domain is not running/);
  const [disk] = definition.hardware.disks;
  assert.match(
    await room.say('domblklist', name),
    new RegExp(`vda +\\S+${disk?.file ?? 'missing'}\n`),
  );
  assert.match(
    await room.say('domblkinfo', name, 'vda'),
    new RegExp(`Capacity: +${disk?.sizeBytes ?? 0}`),
  );
  assert.match(await room.say('version'), /Running hypervisor: Gantry \d+\.\d+\.\d+/);
  assert.match(await room.say('nodeinfo'), /CPU\(s\): +\d+/);
});

void test('one call tells the figures of all vms', { skip }, async () => {
  const { name } = await room.offVm('h2');
  await room.say('start', name);
  const all = await room.say('domstats');
  assert.equal(all.match(/^Domain: /gm)?.length, room.vms().length);
  const ours = await room.say('domstats', name);
  for (const figure of ['state.state=1', 'cpu.time=', 'balloon.maximum=', 'vcpu.current='])
    assert.ok(ours.includes(figure), figure);
  assert.match(ours, /block\.0\.name=vda\n.*block\.0\.rd\.bytes=\d+/s);
  const some = await room.say('domstats', '--state', name);
  assert.ok(some.includes('state.state=1') && !some.includes('cpu.time'));
});

void test(
  'what a fleet has not is an empty answer, and not an unknown call',
  { skip },
  async () => {
    const { name, definition } = await room.offVm('h1');
    assert.match(await room.say('vcpuinfo', name), /^CPU: +N\/A$/m);
    await room.say('start', name);
    for (const words of ['memtune', 'blkiotune', 'numatune', 'iothreadinfo'])
      assert.doesNotMatch(await room.say(words, name), /\d/, words);
    assert.doesNotMatch(await room.say('blkdeviotune', name, 'vda'), /[1-9]/);
    await room.say('blockjob', name, 'vda');
    for (const words of ['vcpupin', 'emulatorpin', 'perf']) await room.say(words, name);
    const vcpus = await room.say('vcpuinfo', name);
    assert.equal(
      vcpus.match(/^State: +running$/gm)?.length,
      definition.hardware.processor.count,
      vcpus,
    );
    assert.match(await room.say('nodememstats'), /total *: +[1-9]\d* KiB\nfree *: +[1-9]\d* KiB/);
    const models = room.stage.host('h1')?.facts?.processorModels ?? [];
    const shown = (await room.say('cpu-models', 'x86_64')).trim().split('\n');
    assert.deepEqual(shown, [...models].toSorted());
    for (const asked of ['nodedev-dumpxml', 'iface-dumpxml', 'nwfilter-dumpxml'])
      assert.match(
        (await virsh(room.address(), asked, 'none')).err,
        /not found: there are none here|Could not find/,
      );
    await using client = await connectLibvirt(room.address());
    const uuid = '00000000-0000-4000-8000-000000000000';
    assert.equal(await errorOf(client.call('SECRET_LOOKUP_BY_UUID', { uuid })), 'NO_SECRET');
    assert.equal(
      await errorOf(client.call('NODE_DEVICE_LOOKUP_BY_NAME', { name })),
      'NO_NODE_DEVICE',
    );
    await room.say('destroy', name);
  },
);

void test('snapshots, networks and screens are shown', { skip }, async () => {
  const { name } = await room.offVm('h1');
  assert.equal((await room.say('snapshot-list', name)).trim(), '');
  for (const snapshot of ['first', 'second'])
    await room.stage.act('POST', `/vms/${name}/snapshots`, { name: snapshot });
  assert.match(await room.say('snapshot-list', name), /first +\S+ \S+ \S+ +shutoff\n second/);
  assert.equal((await room.say('snapshot-parent', name, 'second')).trim(), 'first');
  assert.match(await room.say('snapshot-current', name), /<name>second<\/name>/);
  assert.match(
    (await virsh(room.address(), 'snapshot-info', name, 'third')).err,
    /no domain snapshot with matching name 'third'/,
  );
  const body = { name: 'lan', ipv4: { subnet: '10.80.0.0/24' } };
  const made = await room.stage.send('POST', '/networks', { body });
  assert.equal(made.status, 200, made.text);
  assert.match(await room.say('net-list'), /lan +active +yes +yes/);
  const xml = await room.say('net-dumpxml', 'lan');
  assert.match(xml, /<forward mode='nat'\/>/);
  assert.match(xml, /<ip address='10\.80\.0\.1' netmask='255\.255\.255\.0'>/);
  assert.equal((await room.say('net-dhcp-leases', 'lan')).trim(), '');
  assert.match(
    (await virsh(room.address(), 'net-info', 'wan')).err,
    /no network with matching name 'wan'/,
  );
  for (const kind of ['pool', 'secret', 'iface', 'nwfilter'])
    assert.equal((await room.say(`${kind}-list`)).trim(), '', kind);
  await room.say('start', name);
  const file = join(room.stage.folder, 'screen.png');
  await room.say('screenshot', name, file);
  assert.equal((await readFile(file)).subarray(1, 4).toString(), 'PNG');
});

void test('networks that come, change and go are told, so that no client has to look', async () => {
  await using client = await connectLibvirt(room.address('host/h1'));
  const told = await client.subscribe('NETWORK_EVENT_LIFECYCLE');
  const made = await room.stage.send('POST', '/networks', { body: { name: 'brief' } });
  const { id } = made.json as Network;
  await room.stage.send('PATCH', `/networks/${id}`, { body: { description: 'soon gone' } });
  await room.stage.send('DELETE', `/networks/${id}`);
  const seen: number[] = [];
  for await (const { net, event } of told) {
    assert.deepEqual(net, { name: 'brief', uuid: id });
    seen.push(event);
    if (event === 1) break;
  }
  assert.deepEqual(seen, [0, 2, 0, 3, 1], 'defined, started, defined anew, stopped, undefined');
});

void test('FED-43 what is asked for one vm is done on its host, and refused with the numbers of libvirt', async () => {
  await using client = await connectLibvirt(room.address());
  const { name } = await room.offVm('h1');
  const dom = await lookUp(client, name);
  assert.equal(dom.id, -1);
  assert.equal(await errorOf(client.call('DOMAIN_SUSPEND', { dom })), 'OPERATION_INVALID');
  assert.equal(await errorOf(client.call('DOMAIN_DESTROY', { dom })), 'OPERATION_INVALID');
  assert.equal(await errorOf(lookUp(client, 'nothing')), 'NO_DOMAIN');
  assert.equal(await errorOf(lookUp(client, dom.uuid)), 'NO_DOMAIN', 'an id is no name');
  const unknown = { ...dom, uuid: '00000000-0000-4000-8000-000000000000' };
  assert.equal(await errorOf(client.call('DOMAIN_CREATE', { dom: unknown })), 'NO_DOMAIN');
  await client.call('DOMAIN_CREATE', { dom });
  assert.equal(room.stage.vm(name)?.state, 'running');
  const running = await lookUp(client, name);
  assert.ok(running.id > 0);
  const byId = await client.call('DOMAIN_LOOKUP_BY_ID', { id: running.id });
  assert.deepEqual(byId.dom, running);
  assert.equal(await errorOf(client.call('DOMAIN_CREATE', { dom })), 'OPERATION_INVALID');
  const nowhere = connectLibvirt(room.address('host/nowhere'));
  await assert.rejects(nowhere, (error) => isFault(error, 'not-found'));
  await assert.rejects(connectLibvirt(room.address('pool/p1')), (error) =>
    isFault(error, 'unsupported'),
  );
});

void test('the clock of a guest is told and set through its agent', { skip }, async () => {
  const answers = ({ status }: Vm): boolean => status.additions.state === 'running';
  await room.stage.until(() => room.vms().some(answers), 'the agent of a guest answers');
  const name = room.vms().find(answers)?.name ?? assert.fail();
  const guestSeconds = async (): Promise<number> =>
    Number(/^Time: (\d+)$/m.exec(await room.say('domtime', name))?.[1]);
  assert.ok(Math.abs((await guestSeconds()) - Date.now() / 1000) < 60);
  await room.say('domtime', name, '--time', '1893456000');
  assert.ok(Math.abs((await guestSeconds()) - 1_893_456_000) < 60);
  await room.say('domtime', name, '--sync');
  assert.ok(Math.abs((await guestSeconds()) - Date.now() / 1000) < 60);
});

void test(
  'file systems of a guest are held still, let go and trimmed through its agent',
  { skip },
  async () => {
    const answers = ({ status }: Vm): boolean => status.additions.state === 'running';
    await room.stage.until(() => room.vms().some(answers), 'the agent of a guest answers');
    const { name, id } = room.vms().find(answers) ?? assert.fail();
    const shown = async (): Promise<GuestFreeze> =>
      (await room.stage.send('GET', `/vms/${id}/freeze`)).json as GuestFreeze;
    assert.equal((await shown()).state, 'thawed');
    await room.say('domfsfreeze', name);
    const { state, until } = await shown();
    assert.equal(state, 'frozen');
    assert.ok(Math.abs(Date.parse(until ?? '') - Date.now() - 3_600_000) < 60_000);
    await room.say('domfsfreeze', name);
    assert.match(
      (await virsh(room.address(), 'domfsthaw', name, '--mountpoint', '/')).err,
      /all file systems that are held go on together/,
    );
    await room.say('domfsthaw', name);
    assert.equal((await shown()).state, 'thawed');
    await room.say('domfstrim', name);
    assert.match(
      (await virsh(room.address(), 'domfstrim', name, '--mountpoint', '/')).err,
      /a guest trims all of its file systems/,
    );
    const { items } = (await room.stage.send('GET', `/events?about=${id}&limit=50`))
      .json as Page<Event>;
    assert.deepEqual(
      items.map((event) => event.name).filter((event) => event.startsWith('vm.file-systems.')),
      ['vm.file-systems.thawed', 'vm.file-systems.frozen'],
    );
    const off = await room.offVm('h1');
    if (off.id !== id)
      assert.match((await virsh(room.address(), 'domfsfreeze', off.name)).err, /not running/);
  },
);

void test('what clients were seen to ask is answered, but for what has a reason', async () => {
  const { name } = await room.offVm('h2');
  await using client = await connectLibvirt(room.address());
  await client.call('DOMAIN_CREATE', { dom: await lookUp(client, name) });
  const refused: ProcedureName[] = [];
  for (const procedure of askedProcedures) {
    const args = plainArgs(procedure, await lookUp(client, name));
    // Each has arguments of its own; the reply of one that opens a stream is all that is asked for.
    const answered = client.call(procedure as 'NODE_GET_INFO', args);
    const error: unknown = await answered.catch((caught: unknown) => caught);
    const code = isFault(error) ? libvirtFacts(error)?.name : undefined;
    if (code === 'NO_SUPPORT' || code === 'OPERATION_UNSUPPORTED') refused.push(procedure);
  }
  assert.deepEqual(refused.toSorted(), Object.keys(refusedProcedures).toSorted());
});

void test('the read-only socket shows and does not act', { skip }, async () => {
  const { name } = await room.offVm('h1');
  const uri = room.address('all', 'libvirt-sock-ro');
  assert.match((await virsh(uri, 'list', '--all')).out, new RegExp(name));
  const { code, err } = await virsh(uri, 'start', name);
  assert.equal(code, 1);
  assert.match(err, /read only access prevents/);
  assert.equal(room.stage.vm(name)?.state, 'off');
});

void test('a path narrows what is seen to a host or a folder', { skip }, async () => {
  const made = await room.stage.send('POST', '/folders', { body: { name: 'lab' } });
  assert.equal(made.status, 200, made.text);
  const { name } = await room.offVm('h1');
  await room.stage.send('POST', `/vms/${name}/move`, { body: { folder: '/lab' } });
  const seen = async (path: string): Promise<readonly string[]> => {
    const { code, out, err } = await virsh(room.address(path), 'list', '--all', '--name');
    assert.equal(code, 0, err);
    return out.trim().split('\n');
  };
  const ofSecond = room.vms().filter(({ host }) => host === 'h2');
  assert.deepEqual((await seen('host/h2')).toSorted(), ofSecond.map((vm) => vm.name).toSorted());
  assert.equal((await virsh(room.address('host/h2'), 'dominfo', name)).code, 1);
  assert.deepEqual(await seen('folder/lab'), [name]);
  const devices = await virsh(room.address('host/h2'), 'nodedev-list');
  assert.deepEqual([devices.code, devices.out.trim()], [0, 'computer']);
  assert.match(await room.say('nodedev-list'), /^computer@h1\s+computer@h2\s*$/);
  assert.equal((await seen('system')).length, room.vms().length);
});

void test('a cluster that is named is refused in a sentence of its own', { skip }, async () => {
  const { code, err } = await virsh(room.address('cluster/c1'), 'list');
  assert.deepEqual([code, /there is no cluster c1.*connect to gantry:/.test(err)], [1, true], err);
});

void test(
  'FED-45 events of all hosts reach a client over its one connection',
  { skip },
  async () => {
    const [one, two] = [await room.offVm('h1'), await room.offVm('h2')];
    const third = room.vms().find(({ host, id }) => host === 'h1' && id !== one.id);
    assert.ok(third);
    const args = ['-q', '-c', room.address(), 'event', '--all', '--loop'];
    const listener = spawn('virsh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const heard: string[] = [];
    const lines = (): string[] => heard.filter((line) => !line.includes(third.name));
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    try {
      listener.stdout.on('data', (chunk: Buffer) => {
        heard.push(...chunk.toString().trim().split('\n'));
        if (lines().length >= 4) resolve();
      });
      // Nothing tells when virsh has subscribed, but that it hears.
      while (heard.length === 0)
        await room.say('reset', third.name).catch(() => room.say('start', third.name));
      for (const { name } of [one, two]) await room.say('start', name);
      for (const { name } of [one, two]) await room.say('destroy', name);
      await enough;
      const told = lines().map((line) =>
        /domain '?([^':]+)'?:? (\w+)/.exec(line)?.slice(1).join(' '),
      );
      assert.deepEqual(told, [
        `${one.name} Started`,
        `${two.name} Started`,
        `${one.name} Stopped`,
        `${two.name} Stopped`,
      ]);
    } finally {
      listener.kill();
      await once(listener, 'exit');
    }
  },
);

void test('a host that is away delays no list and loses no vm', { skip }, async () => {
  const before = (await room.say('list', '--all', '--name')).trim().split('\n').toSorted();
  await room.second.end();
  await room.stage.until(() => room.stage.host('h2')?.status !== 'ready', 'the host is away');
  const away = room.vms().find(({ host }) => host === 'h2');
  assert.ok(away);
  assert.deepEqual(
    (await room.say('list', '--all', '--name')).trim().split('\n').toSorted(),
    before,
  );
  assert.match(await room.say('domstate', away.name), /no state/);
  const { code, err } = await virsh(room.address(), 'start', away.name);
  assert.equal(code, 1);
  assert.match(err, /the host of .* does not answer/);
});

void test('what is done stands in the audit trail, and only its owner opens the socket', async () => {
  const { mode } = await stat(join(room.stage.folder, 'run', 'libvirt-sock'));
  assert.equal(mode & 0o777, 0o600);
  const vm = await room.offVm('h1');
  await using client = await connectLibvirt(room.address());
  await client.call('DOMAIN_CREATE', { dom: await lookUp(client, vm.name) });
  const { json } = await room.stage.send('GET', '/audit?limit=50');
  const entries = (json as Page<AuditEntry>).items;
  const entry = entries.find(({ route, object }) => route === 'vm.act' && object === `vm ${vm.id}`);
  assert.equal(entry?.means, 'local');
  assert.equal(entry?.status, 202);
});

void test('bytes that are no protocol end their connection, and nothing else', async () => {
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\u001c', '\u00ff'.repeat(64)]) {
    const socket = connect(join(room.stage.folder, 'run', 'libvirt-sock'));
    socket.on('error', () => undefined);
    socket.end(Buffer.from(bytes, 'latin1'));
    socket.resume();
    await once(socket, 'close');
  }
  await using client = await connectLibvirt(room.address());
  assert.equal((await client.call('CONNECT_GET_TYPE', {})).type, 'Gantry');
});

// The last one: it adds a host.
void test(
  'FED-38 scvmm is a name of a driver like the others, and shows the vms of connected System Center servers only',
  { skip },
  async () => {
    const named = (path: string): string => room.address(path).replace('gantry+', 'scvmm+');
    const seen = async (path: string): Promise<string> => {
      const { code, out, err } = await virsh(named(path), 'list', '--all', '--name');
      assert.deepEqual([code, err], [0, '']);
      return out.trim();
    };
    const { stage } = room;
    assert.equal((await stage.send('POST', '/folders', { body: { name: 'sales' } })).status, 200);
    const paths = ['', 'all', 'system', 'host/h1', 'folder/sales'];
    for (const path of paths) assert.equal(await seen(path), '', path);
    const { name } = await room.offVm('h1');
    assert.match((await virsh(named('all'), 'start', name)).err, /failed to get domain/);
    await using client = await connectLibvirt(named('all'));
    assert.equal((await client.call('CONNECT_GET_TYPE', {})).type, 'SCVMM');
    const pools = { need_results: 1, flags: 0 };
    assert.equal((await client.call('CONNECT_LIST_ALL_STORAGE_POOLS', pools)).ret, 0);
    const xml = `<domain type='hyperv'><name>x</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
    const made = client.call('DOMAIN_DEFINE_XML', { xml });
    assert.equal(await errorOf(made), 'OPERATION_UNSUPPORTED');
    // Stands for a server that is connected, at the seam where each driver's hosts are.
    await using server = await FakeAgent.join(stage, 'centre');
    server.handlers['host.configure'] = () => ({});
    const crm = makeRecord(makeDefinition('crm'), 1, { state: 'running' });
    await server.connect([crm], { driver: 'scvmm' });
    await stage.until(() => stage.vm('crm') !== undefined, 'its vm is there');
    await stage.send('POST', '/vms/crm/move', { body: { folder: '/sales' } });
    for (const path of ['', 'all', 'system', 'folder/sales', 'host/centre'])
      assert.equal(await seen(path), 'crm', path);
    assert.equal(await seen('host/h1'), '');
    assert.match((await virsh(named('all'), 'domstate', 'crm')).out, /running/);
    assert.ok((await room.say('list', '--all', '--name')).split('\n').includes('crm'));
  },
);
