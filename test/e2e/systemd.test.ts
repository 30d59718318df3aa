/** Gantry under a real systemd: units, restarts, a reboot of the system. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Event, Vm } from '#api';
import { systemClock, withDeadline } from '#lib';
import { SystemdMachine, withoutSystemd } from './systemd-machine.ts';

const units = ['gantry-coordinator.service', 'gantry-agent.service'] as const;

void describe('under systemd', { skip: withoutSystemd }, () => {
  let machine: SystemdMachine;

  before(async () => {
    machine = await SystemdMachine.make();
  });
  after(async () => {
    await machine?.[Symbol.asyncDispose]();
  });

  const vms = (): readonly Vm[] => JSON.parse(machine.gantry('vm', 'list', '-o', 'json')) as Vm[];
  const events = (): readonly Event[] =>
    JSON.parse(machine.gantry('event', 'list', '-n', '500', '-o', 'json')) as Event[];

  const untilRunning = (names: readonly string[]): Promise<void> =>
    withDeadline('vms to run', 60_000, undefined, async (signal) => {
      for (;;) {
        const { code, out } = machine.run('/opt/gantry/gantry', 'vm', 'list', '-o', 'json');
        const running = code === 0 ? (JSON.parse(out) as Vm[]) : [];
        const found = new Set(running.filter((vm) => vm.state === 'running').map((vm) => vm.name));
        if (names.every((name) => found.has(name))) return;
        await systemClock.sleep(200, signal);
      }
    });

  const processes = (): string[] =>
    machine.run('pgrep', '-f', '^[^ ]*qemu-system').out.trim().split('\n').sort();

  void test('up writes units that systemd finds nothing wrong with, and starts them', () => {
    machine.gantry('up', '--yes', '--no-vm', '--no-install');
    for (const unit of units) {
      const { err } = machine.run('systemd-analyze', 'verify', `/etc/systemd/system/${unit}`);
      assert.doesNotMatch(err, /gantry/);
      assert.equal(machine.must('systemctl', 'is-enabled', unit).trim(), 'enabled');
      assert.equal(machine.must('systemctl', 'is-active', unit).trim(), 'active');
    }
  });

  void test('a program that ends at once is told with what it said', () => {
    machine.gantry('down');
    const store = '/var/lib/gantry/coordinator/store.db';
    machine.must('mv', store, `${store}.away`);
    machine.must('sh', '-c', `echo garbage > ${store}`);
    const { code, err } = machine.run('/opt/gantry/gantry', 'up', '--no-vm', '--no-install');
    assert.notEqual(code, 0);
    assert.match(err, /the coordinator ended: .*store/);
    assert.match(err, /its log is journalctl -u gantry-coordinator\.service/);
    machine.must('systemctl', 'stop', 'gantry-coordinator');
    machine.must('mv', `${store}.away`, store);
    machine.gantry('up', '--yes', '--no-vm', '--no-install');
  });

  void test('VM-29 a restart of the services leaves the processes of vms alone', async () => {
    const settings = ['--memory', '64M', '--network', 'none', '--start'];
    const kept = ['--set', 'settings.start.onHostStart=if-was-running'];
    const off = ['--set', 'settings.shutdown.onHostStop=off'];
    const always = [
      '--set',
      'settings.start.onHostStart=always',
      '--set',
      'settings.start.order=1',
    ];
    machine.gantry('vm', 'create', 'kept', ...settings, ...kept, '--set', 'settings.start.order=2');
    machine.gantry('vm', 'create', 'cut', ...settings, ...always, ...off);
    const before = processes();
    assert.equal(before.length, 2);
    machine.must('systemctl', 'restart', ...units);
    await untilRunning(['kept', 'cut']);
    assert.deepEqual(processes(), before);
  });

  void test('HOST-49 HOST-50 HOST-23 HOST-11 a reboot of the system ends vms by their stop actions first, and they come back', async () => {
    const since = events().at(-1)?.seq ?? 0;
    await machine.reboot();
    // Nobody has signed in and nothing was typed: the services started with the system.
    assert.equal(machine.must('who'), '');
    await untilRunning(['kept', 'cut']);
    const told = events()
      .filter(({ seq }) => seq > since)
      .map(({ name, target }) => `${target?.name ?? ''} ${name}`);
    const order = (...lines: readonly string[]): void => {
      const places = lines.map((line) => told.indexOf(line));
      assert.ok(!places.includes(-1), `${lines.join(', ')} in\n${told.join('\n')}`);
      assert.deepEqual(
        places,
        places.toSorted((one, other) => one - other),
        told.join('\n'),
      );
    };
    order('kept vm.state.saved', 'cut vm.state.powered-off', 'machine host.stopped');
    order('machine host.stopped', 'machine host.started', 'cut vm.state.powered-on');
    order('cut vm.state.powered-on', 'kept vm.state.restored');
    assert.ok(!told.some((line) => /cut-off|crashed/.test(line)), told.join('\n'));
    const agent = machine
      .must('systemctl', 'show', '--property=MainPID', '--value', units[1])
      .trim();
    const terminal = machine.must('cat', `/proc/${agent}/stat`).split(') ')[1]?.split(' ')[4];
    assert.equal(terminal, '0', 'it has no terminal');
    const environment = machine.must('cat', `/proc/${agent}/environ`);
    assert.doesNotMatch(environment, /DISPLAY=|WAYLAND|XDG_SESSION/);
    const running = vms().filter(({ state }) => state === 'running');
    assert.deepEqual(running.map(({ name }) => name).sort(), ['cut', 'kept']);
  });

  void test('uninstall takes vms, services and units away', () => {
    machine.gantry('uninstall', '--yes');
    assert.equal(processes().join(''), '');
    assert.equal(machine.must('sh', '-c', 'ls /etc/systemd/system').includes('gantry'), false);
    const loaded = machine.must(
      'systemctl',
      'list-units',
      '--all',
      '--plain',
      '--no-legend',
      'gantry*',
    );
    assert.equal(loaded, '');
  });
});
