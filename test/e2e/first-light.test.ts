/** One command to a real machine: `./gantry up`, and everything a newcomer does next, on real QEMU. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Host, Operation, Vm, VmStatus, WatchMessage } from '#api';
import { additionsVersion } from '#images';
import { systemClock, withDeadline } from '#lib';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { changePassword } from './guest-password.ts';
import { dumpHello } from './memory-dump.ts';
import { LibvirtPerson } from './libvirt-person.ts';
import { virsh, whyNot } from '../interop/libvirt/tools.ts';
import { SerialPerson } from './serial.ts';

let gantry: Gantry;

before(async () => {
  gantry = await newGantry();
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

const show = (vm = 'hello'): Promise<Vm> => gantry.json<Vm>('vm', 'show', vm);
const events = (filter: string): Promise<readonly Event[]> =>
  gantry.json('event', 'list', '--filter', filter, '-n', '500');

/** Looks again at each change of a vm until the test says yes. */
async function untilVm(
  name: string,
  what: string,
  test: (vm: Vm) => boolean,
  limitMs = 90_000,
): Promise<Vm> {
  const client = gantry.client();
  return withDeadline(`${name} to be ${what}`, limitMs, undefined, async (signal) => {
    for (;;) {
      const vm = await client.call('vm.show', { params: { vm: name } }, signal);
      if (test(vm)) return vm;
      await systemClock.sleep(100, signal);
    }
  });
}

void test('up makes a host, the starter appliance and a vm whose guest answers, and says what comes next; of two at once one waits', async () => {
  const words = ['up', '--yes', '--listen', gantry.listen];
  const both = await Promise.all([gantry.run(words), gantry.run(words)]);
  for (const { code, out, err } of both) {
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`console +https://${gantry.listen}/`));
    assert.match(out, /sign in +https:\/\/\S+#link=\S{16,}/);
    assert.match(out, /hello is running, its guest answers, address 10\./);
    assert.equal(out.split('\nnext:\n')[1]?.trim().split('\n').length, 5);
  }
  const waiting = both.filter(({ err }) => err.includes('another gantry up is at work'));
  assert.equal(waiting.length, 1);
});

void test('up again changes nothing', async () => {
  const last = (await gantry.json<readonly Event[]>('event', 'list', '-n', '1'))[0]?.seq;
  const { code, out } = await gantry.run(['up', '--yes']);
  assert.equal(code, 0);
  assert.match(out, /hello is running/);
  const since = (await gantry.json<readonly Event[]>('event', 'list', '-n', '50')).filter(
    (event) => event.seq > (last ?? 0) && event.category !== 'Security',
  );
  assert.deepEqual(
    since.map((event) => event.name),
    [],
  );
});

void test('API-18 a vm in JSON has its state as one word and as the stable number, and a list is one array', async () => {
  const list = await gantry.json<readonly Vm[]>('vm', 'list');
  assert.ok(Array.isArray(list) && list.length === 1);
  assert.equal(list[0]?.state, 'running');
  assert.equal(list[0]?.stateNumber, 5);
});

void test('GA-25 the guest agent tells addresses, host name and system; GA-07 the heartbeat is good', async () => {
  const vm = await untilVm(
    'hello',
    'described by its guest',
    ({ status }) => (status.guest?.osName ?? null) !== null && status.heartbeat.state === 'good',
  );
  assert.ok(vm.status.guest?.addresses.some((address) => address.startsWith('10.')));
  assert.ok((vm.status.guest?.hostName ?? '').length > 0);
  assert.ok(vm.status.heartbeat.lastAt !== null);
});

void test('GA-11 how the guest fares is one word in the API, for people and in wide lists', async () => {
  const { status } = await untilVm('hello', 'working', (vm) => vm.status.guestHealth === 'working');
  assert.equal(status.guestHealth, 'working');
  assert.match(await gantry.must('vm', 'show', 'hello'), /guest health +working/);
  const filter = ['--filter', 'status.guestHealth = working'];
  const [head, row] = (await gantry.must('vm', 'list', '-o', 'wide', ...filter)).split('\n');
  assert.match(head ?? '', / GUEST +HEARTBEAT /);
  assert.match(row ?? '', /^hello .* working +good /);
});

void test('GA-16 the offset of the guest’s clock is shown', async () => {
  const isMeasured = ({ status }: Vm): boolean => (status.guest?.clockOffsetMs ?? null) !== null;
  await untilVm('hello', 'measured', isMeasured);
  assert.match(await gantry.must('vm', 'show', 'hello'), /guest clock +\d+\.\d s (behind|ahead)/);
});

void test('GA-20 a report tells the additions of every vm and those that its host ships', async () => {
  const table = await gantry.must('report', 'additions', '-o', 'csv');
  const [head, ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const hello = new Map(rows[0]?.map((value, index) => [head?.[index], value]));
  assert.deepEqual(
    ['NAME', 'ADDITIONS', 'VERSION', 'SHIPPED'].map((title) => hello.get(title)),
    ['hello', 'running', additionsVersion, additionsVersion],
  );
  assert.equal(rows.length, (await gantry.client().call('vm.list', { query: {} })).items.length);
});

void test('the serial console is shared by several watchers, and one can log in and work in the guest', async () => {
  await using person = await SerialPerson.sit(gantry, 'hello');
  await using watcher = await SerialPerson.sit(gantry, 'hello');
  person.type('\r');
  await person.until(/login:/);
  person.type('root\r');
  await person.until(/assword:/);
  person.type('gantry\r');
  person.type('echo $((6*7))-is-it; uname -s\r');
  await person.until(/42-is-it[^]*Linux/);
  await watcher.until(/42-is-it/);
  await changePassword(gantry, person);
});

void test('a serial console without a terminal detaches where its input ends', async () => {
  const { code, err } = await gantry.run(['vm', 'console', 'hello'], '\r');
  assert.equal(code, 0, err);
  assert.match(err, /detached from hello/);
});

void test('HW-33 the guest reads back UUID, asset tag and serial numbers from its firmware tables', async () => {
  const { definition } = await show();
  const { chassis, baseBoard } = definition.hardware.bios;
  assert.match(chassis.assetTag ?? '', /^\d{4}(-\d{4}){5}-\d{2}$/);
  assert.equal(chassis.serialNumber, chassis.assetTag);
  assert.equal(baseBoard.serialNumber, chassis.assetTag);
  await using person = await SerialPerson.sit(gantry, 'hello');
  person.type(
    '\rcd /sys/class/dmi/id; for f in product_uuid chassis_asset_tag chassis_serial board_serial; do echo "<$f=$(cat $f)>"; done\r',
  );
  await person.until(new RegExp(`<product_uuid=${definition.id}>`, 'i'));
  for (const name of ['chassis_asset_tag', 'chassis_serial', 'board_serial'])
    await person.until(new RegExp(`<${name}=${chassis.assetTag}>`));
});

void test('a screenshot is a PNG of the screen', async () => {
  const file = join(gantry.data, 'hello.png');
  await gantry.must('vm', 'screenshot', 'hello', file);
  const png = readFileSync(file);
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.ok(png.length > 500);
});

void test('text typed on the keyboard arrives on the screen', async () => {
  await gantry.must('vm', 'type', 'hello', 'root\\n');
  await systemClock.sleep(1000);
  await gantry.must('vm', 'type', 'hello', 'gantry\\n');
  await systemClock.sleep(1000);
  await gantry.must('vm', 'type', 'hello', 'echo typed-$((40+2)) > /dev/ttyS0\\n');
  await using watcher = await SerialPerson.sit(gantry, 'hello');
  await watcher.until(/typed-42/);
  await gantry.must('vm', 'send-keys', 'hello', 'ctrl-c', 'ret');
});

void test('a port forward leads into the guest', async () => {
  const { status } = await show();
  const [forward] = status.forwards;
  assert.ok(forward);
  const page = await fetch(`http://${forward.hostAddress}:${forward.hostPort}/`);
  assert.equal(page.status, 200);
});

void test('VM-94 what a running guest computes, reads and receives is seen as it happens, by the API and by vm top', async () => {
  const { status } = await show();
  const [forward] = status.forwards;
  assert.ok(forward);
  const client = gantry.client();
  const stop = new AbortController();
  const watch = client.stream('watch.open', { kinds: 'vm', samples: true }, stop.signal);
  /** The first sample of the vm that fits, as the stream tells it. */
  const untilSampled = (what: string, fits: (now: VmStatus) => boolean): Promise<VmStatus> =>
    withDeadline(what, 90_000, undefined, async () => {
      for (;;) {
        const { value, done } = await watch.next();
        assert.ok(!done, 'the watch goes on');
        const { event, data } = value as unknown as WatchMessage;
        if (event === 'sampled' && data.kind === 'vm' && fits(data.status)) return data.status;
      }
    });
  const isIdle = ({ cpuPercent, diskUse, networkUse }: VmStatus): boolean =>
    cpuPercent !== null &&
    cpuPercent < 25 &&
    diskUse?.readBytesPerSecond === 0 &&
    (networkUse?.sentBytesPerSecond ?? Infinity) < 1_000;
  const idle = await untilSampled('the guest to be idle', isIdle);
  /** Beside how it was: on a busy host a guest that computes all the time gets little. */
  const isBusy = ({ cpuPercent, diskUse, networkUse }: VmStatus): boolean =>
    (cpuPercent ?? 0) > (idle.cpuPercent ?? 0) + 5 &&
    (diskUse?.readBytesPerSecond ?? 0) > 10_000 &&
    (networkUse?.sentBytesPerSecond ?? 0) > 1_000;
  await using person = await SerialPerson.sit(gantry, 'hello');
  const disk = '$(ls /dev/vda /dev/sda 2>/dev/null | head -n 1)';
  const reading = `while :; do echo 3 > /proc/sys/vm/drop_caches; dd if=${disk} of=/dev/null bs=64k; done`;
  person.type(`\r(${reading}) >/dev/null 2>&1 & echo begun-$((6*7))\r`);
  await person.until(/begun-42/);
  const fetching = new AbortController();
  const fetched = (async () => {
    while (!fetching.signal.aborted)
      await fetch(`http://${forward.hostAddress}:${forward.hostPort}/`).then((page) => page.text());
  })();
  const busy = await untilSampled('the guest to be busy', isBusy);
  const table = await gantry.must('vm', 'top', '-n', '1', '--sort', 'disk');
  const [head, titles, row] = table.split('\n');
  assert.match(head ?? '', /^\S+ \S+ {2}1 vm running$/);
  assert.match(titles ?? '', /^NAME +HOST +CPU +RESIDENT +MEMORY +DISK READ +WRITTEN/);
  assert.match(row ?? '', /^hello .* \d+\.\d % .* [KM]iB\/s /);
  const [top] = JSON.parse(await gantry.must('vm', 'top', '-n', '1', '-o', 'json')) as Vm[];
  assert.ok(top && isBusy(top.status), JSON.stringify([busy, top?.status]));
  fetching.abort();
  await fetched;
  person.type('\rkill $!; echo ended-$((6*7))\r');
  await person.until(/ended-42/);
  stop.abort();
});

void test('VM-32 pauses, VM-33 resumes, VM-39 resets, VM-34 saves and VM-35 restores a vm', async () => {
  await gantry.must('vm', 'pause', 'hello');
  assert.equal((await show()).state, 'paused');
  await gantry.must('vm', 'resume', 'hello');
  assert.equal((await show()).state, 'running');
  await using person = await SerialPerson.sit(gantry, 'hello');
  person.type('\rmark=kept-$((20+3))\r');
  await person.until(/mark=/);
  await gantry.must('vm', 'save', 'hello');
  const saved = await show();
  assert.equal(saved.state, 'saved');
  assert.equal(saved.status.runningSeconds, null);
  const { files } = await gantry.client().call('vm.files', { params: { vm: 'hello' } });
  const folderOf = (role: string): string =>
    dirname(files.find((file) => file.role === role)?.path ?? '');
  assert.ok(files.some((file) => file.role === 'saved-state'));
  assert.equal(folderOf('saved-state'), folderOf('configuration'), 'nobody chose where');
  await gantry.must('vm', 'restore', 'hello');
  assert.equal((await show()).state, 'running');
  await using again = await SerialPerson.sit(gantry, 'hello');
  again.type('\recho "<$mark>"\r');
  await again.until(/<kept-23>/);
  const after = await gantry.client().call('vm.files', { params: { vm: 'hello' } });
  assert.ok(!after.files.some((file) => file.role === 'saved-state'));
  again.forget();
  await gantry.must('vm', 'reset', 'hello', '--yes');
  await again.until(/login:/, 120_000);
  await untilVm(
    'hello',
    'answering after the reset',
    (vm) => vm.state === 'running' && vm.status.additions.state === 'running',
  );
});

void test('VM-37 the guest shuts down when asked, and then the vm is off', async () => {
  await gantry.must('vm', 'shutdown', 'hello', '--timeout', '60');
  assert.equal((await show()).state, 'off');
  const names = (await events('target.name = hello AND name : shutdown')).map(
    (event) => event.name,
  );
  assert.deepEqual(names, ['vm.shutdown.requested', 'vm.shutdown.completed']);
});

void test('VM-42 power on hold starts a vm held before its first instruction, and release lets it run', async () => {
  await gantry.must('vm', 'hold', 'hello');
  const held = await show();
  assert.equal(held.state, 'paused');
  assert.equal(held.status.held, true);
  assert.notEqual((await gantry.run(['vm', 'resume', 'hello'])).code, 0);
  await gantry.must('vm', 'release', 'hello');
  const vm = await untilVm(
    'hello',
    'answering',
    ({ state, status }) => state === 'running' && status.additions.state === 'running',
  );
  assert.equal(vm.status.held, false);
});

void test('VM-29 VMs keep running when coordinator and agent are killed, and up shows their states again', async () => {
  const before_ = await show();
  killPrograms();
  await gantry.must('up', '--yes');
  const vm = await untilVm('hello', 'seen again', ({ state }) => state === 'running');
  assert.equal(vm.status.startedAt, before_.status.startedAt);
  assert.equal(vm.generation, before_.generation);
  await using person = await SerialPerson.sit(gantry, 'hello');
  person.type('\r');
  await person.until(/login:|#/);
});

void test(
  'an unmodified virsh describes the vm, pauses it, lets its guest shut down, hears of it, and starts it',
  {
    skip: await whyNot('virsh'),
  },
  async () => {
    const socket = join(gantry.installation.runtime, 'coordinator', 'libvirt-sock');
    const address = `gantry+unix:///all?socket=${socket}`;
    const say = async (...words: readonly string[]): Promise<string> => {
      const { code, out, err } = await virsh(address, ...words);
      assert.equal(code, 0, err);
      return out;
    };
    assert.match(await say('list', '--all'), /^ \d+ +hello +running/);
    const { definition, status, path } = await untilVm(
      'hello',
      'answering',
      (vm) => (vm.status.guest?.interfaces.length ?? 0) > 0,
    );
    const { memory, adapters } = definition.hardware;
    await dumpHello(say, dirname(path));
    assert.match(
      await say('dominfo', 'hello'),
      new RegExp(`State: +running\\n[^]*Max memory: +${memory.sizeBytes / 1024} KiB`),
    );
    const xml = await say('dumpxml', 'hello');
    assert.ok(
      xml.includes(`<uuid>${definition.id}</uuid>`) && xml.includes(adapters[0]?.mac ?? '?'),
    );
    const address4 = status.guest?.interfaces[0]?.addresses[0]?.address ?? '?';
    assert.ok((await say('domifaddr', 'hello', '--source', 'agent')).includes(address4));
    const told = await say('guestinfo', 'hello');
    assert.ok(told.includes(address4) && /hostname *: \S+\n/.test(told), told);
    await say('suspend', 'hello');
    assert.equal((await say('domstate', 'hello', '--reason')).trim(), 'paused (user)');
    await say('resume', 'hello');
    assert.equal((await show()).state, 'running');
    const listener = spawn('virsh', ['-q', '-c', address, 'event', 'hello', '--all', '--loop']);
    try {
      const stopped = (async () => {
        let heard = '';
        for await (const chunk of listener.stdout) {
          heard += String(chunk);
          if (/'lifecycle' for domain '?hello'?: Stopped Shutdown/.test(heard)) return;
        }
        assert.fail(`it heard only: ${heard}`);
      })();
      await say('shutdown', 'hello');
      await withDeadline('virsh to hear of it', 60_000, undefined, () => stopped);
    } finally {
      listener.kill();
    }
    assert.equal((await show()).state, 'off');
    await say('start', 'hello');
    assert.equal((await show()).state, 'running');
  },
);

void test('a program on libvirt sits at the serial port, presses keys and looks at the screen', async () => {
  const socket = join(gantry.installation.runtime, 'coordinator', 'libvirt-sock');
  await using person = await LibvirtPerson.sit(socket, 'hello');
  assert.match(await person.hear(/login:|#/), /login:|#/);
  await person.press(28);
  assert.equal(await person.greeting(), 'RFB 003.008\n');
});

void test('HOST-13 a killed process of a vm is seen at once, told with the end of its log, and leaves all else running', async () => {
  await gantry.must('vm', 'create', 'other', '--image', 'starter', '--memory', '256M', '--start');
  const pids = processesOf('other');
  assert.equal(pids.length, 1);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await untilVm('other', 'off', ({ state }) => state === 'off', 10_000);
  const [crash] = await events('name = vm.crashed AND target.name = other');
  assert.ok(crash);
  assert.equal(crash.type, 'error');
  assert.equal((await show()).state, 'running');
  const [host] = await gantry.json<readonly Host[]>('host', 'list');
  assert.equal(host?.status, 'ready');
  await gantry.must('vm', 'delete', 'other', '--yes');
  assert.equal((await gantry.run(['vm', 'show', 'other'])).code, 3);
});

function killPrograms(): void {
  for (const program of ['agent', 'coordinator'] as const) {
    const pid = findProgram(gantry.installation, program);
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
  }
}

/** QEMU processes whose command line names the vm. */
function processesOf(name: string): readonly number[] {
  return readProcesses()
    .filter(({ command }) => command.includes(`guest=${name},`))
    .map(({ pid }) => pid);
}

function readProcesses(): readonly { pid: number; command: string }[] {
  const list = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (command.includes('qemu-system') && command.includes(gantry.data))
        list.push({ pid, command });
    } catch {
      // it has ended meanwhile
    }
  }
  return list;
}

void test('apply shows what differs, changes only that, and is quiet when nothing does', async () => {
  const yaml = await gantry.must('vm', 'export', 'hello');
  const file = join(gantry.data, 'hello.yaml');
  writeFileSync(file, yaml.replace(/onHostStop: \w+/, 'onHostStop: shutdown'));
  const { out, err } = await gantry.run(['apply', '-f', file, '--dry-run']);
  assert.match(err, /settings\/shutdown\/on_host_stop: save -> shutdown/);
  assert.match(out, /1 to change/);
  assert.equal((await show()).definition.settings.shutdown.onHostStop, 'save');
  await gantry.must('apply', '-f', file);
  assert.equal((await show()).definition.settings.shutdown.onHostStop, 'shutdown');
  assert.match(await gantry.must('apply', '-f', file), /0 created, 0 changed, 1 unchanged/);
});

void test('mistakes end with the exit code of their fault and a hint', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['vm', 'show', 'nobody'], 3, /nobody/],
    [['vm', 'strat', 'hello'], 2, /did you mean: \S*gantry vm start/],
    [['vm', 'resume', 'hello'], 0, /^/],
    [['vm', 'discard', 'hello', '--yes'], 6, /running/],
    [['vm', 'delete', 'hello', '--yes'], 6, /turn the vm off first/],
    // Nobody is asked about what cannot be.
    [['vm', 'delete', 'hello'], 6, /turn the vm off first/],
    [['vm', 'create', 'hello'], 8, /hello/],
    [['vm', 'create', 'a\u0007b'], 2, /control character/],
    [['vm', 'create', 'x'.repeat(10_000)], 2, /longer/],
    [['vm', 'create', 'big', '--memory', '900T'], 2, /memory/i],
    [['vm', 'create', 'noimage', '--image', 'nothere'], 3, /nothere/],
    [['vm', 'create', 'many', '--processors', '100000'], 2, /processors: must be at most 1024/],
    [['vm', 'list', '--limit', '-5'], 2, /not a count/],
    [['vm', 'screenshot', 'hello', '/nowhere/hello.png'], 2, /cannot write \/nowhere/],
  ];
  for (const [words, code, text] of cases) {
    const ran = await gantry.run([...words]);
    assert.equal(ran.code, code, `${words.join(' ').slice(0, 60)}: ${ran.err.slice(0, 500)}`);
    assert.match(ran.err + ran.out, text, words.join(' ').slice(0, 60));
  }
});

void test('API-19 an operation can be listed, shown and waited for', async () => {
  const list = await gantry.json<readonly Operation[]>('operation', 'list');
  assert.ok(
    list.length > 0 &&
      list.every((operation) => ['done', 'failed', 'cancelled'].includes(operation.state)),
  );
  const [first] = list;
  assert.ok(first);
  assert.match(await gantry.must('operation', 'show', first.id), new RegExp(first.id));
});

void test('down leaves vms alone, status says what is not well, and up finds everything again', async () => {
  assert.match(await gantry.must('down'), /vms go on/);
  assert.equal(processesOf('hello').length, 1);
  const status = await gantry.run(['status']);
  assert.equal(status.code, 20);
  assert.match(status.out, /coordinator +does not run +\S*\/gantry up/);
  assert.doesNotMatch(status.out, /api/);
  await gantry.must('up', '--yes');
  assert.equal(
    (await untilVm('hello', 'seen again', ({ state }) => state === 'running')).state,
    'running',
  );
  assert.equal((await gantry.run(['status'])).code, 0);
});

void test('down --vms save takes the vms along, and uninstall removes what was made, also after its programs were killed', async () => {
  await gantry.must('down', '--vms', 'save');
  assert.equal(processesOf('hello').length, 0);
  await gantry.must('up', '--yes');
  assert.equal((await show()).state, 'saved');
  await gantry.must('vm', 'start', 'hello');
  assert.equal((await show()).state, 'running');
  killPrograms();
  assert.equal(processesOf('hello').length, 1);
  await gantry.must('uninstall', '--yes');
  // what these tests wrote there is not Gantry's to delete
  assert.deepEqual(readdirSync(gantry.data).toSorted(), ['hello.png', 'hello.yaml']);
  assert.ok(!existsSync(gantry.installation.runtime));
  assert.equal(readProcesses().length, 0);
});
