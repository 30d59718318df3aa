/** Gantry under a real systemd: units, restarts, a reboot of the system. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventCatalogue, type Event, type Vm } from '#api';
import { systemClock, withDeadline } from '#lib';
import { SystemdMachine, withoutSystemd } from './systemd-machine.ts';

/** To ask is to start a command, which takes a processor as long as that. */
const askAgainMs = 500;
const units = ['gantry-coordinator.service', 'gantry-agent.service'] as const;

const fetchSite = `require('node:https').get(
  'https://127.0.0.1:7443/',
  { rejectUnauthorized: false, headers: { accept: 'text/html' } },
  (answer) => answer.pipe(process.stdout),
)`;

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

  const lastEvent = (): number => events().at(-1)?.seq ?? 0;
  /** The first of this name after the number. What a vm lacks is waited for at the start of its host: twenty seconds. */
  const eventAfter = (seq: number, name: string): Promise<Event> =>
    withDeadline(name, 60_000, undefined, async (signal) => {
      for (;;) {
        const found = events().find((event) => event.seq > seq && event.name === name);
        if (found !== undefined) return found;
        await systemClock.sleep(askAgainMs, signal);
      }
    });
  let seen = 0;
  const scriptEnd = async (name: string): Promise<Event> => {
    const end = await eventAfter(seen, name);
    seen = end.seq;
    return end;
  };

  const untilRunning = (names: readonly string[]): Promise<void> =>
    withDeadline('vms to run', 60_000, undefined, async (signal) => {
      for (;;) {
        const { code, out } = machine.run('/opt/gantry/gantry', 'vm', 'list', '-o', 'json');
        const running = code === 0 ? (JSON.parse(out) as Vm[]) : [];
        const found = new Set(running.filter((vm) => vm.state === 'running').map((vm) => vm.name));
        if (names.every((name) => found.has(name))) return;
        await systemClock.sleep(askAgainMs, signal);
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

  const status = (pid: string, field: string): string =>
    new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(machine.must('cat', `/proc/${pid}/status`))?.[1] ??
    '';
  const mainPid = (unit: string): string =>
    machine.must('systemctl', 'show', '--property=MainPID', '--value', unit).trim();

  void test('HOST-12 the coordinator runs under an account of its own that may do nothing else', () => {
    const uid = machine.must('id', '-u', 'gantry-coordinator').trim();
    const pid = mainPid(units[0]);
    assert.equal(status(pid, 'Uid'), [uid, uid, uid, uid].join('\t'));
    assert.equal(
      status(pid, 'Groups').trim(),
      machine.must('id', '-g', 'gantry-coordinator').trim(),
    );
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.match(status(pid, set), /^0+$/);
    assert.equal(status(pid, 'NoNewPrivs'), '1');
    assert.equal(status(pid, 'Seccomp'), '2');
    const asAccount = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
    const within = (...words: readonly string[]) =>
      machine.run('nsenter', '--target', pid, '--mount', '--root', '--', ...asAccount, ...words);
    const owned = machine.must(
      'find',
      '/',
      '-xdev',
      '-user',
      'gantry-coordinator',
      '-not',
      '-path',
      '/proc/*',
    );
    for (const path of owned.trim().split('\n'))
      assert.match(path, /^\/(var\/lib\/gantry\/coordinator|run\/gantry\/coordinator)/);
    for (const path of ['/etc', '/var/lib/gantry', '/var/lib/gantry/agent', '/opt/gantry'])
      assert.notEqual(within('touch', `${path}/x`).code, 0, path);
    assert.equal(within('touch', '/var/lib/gantry/coordinator/x').code, 0);
    machine.must('rm', '/var/lib/gantry/coordinator/x');
    assert.notEqual(within('ls', '/var/lib/gantry/agent').code, 0);
    machine.must('touch', '/root/private');
    assert.deepEqual(within('ls', '-A', '/root'), { code: 0, out: '', err: '' });
    machine.must('rm', '/root/private');
    assert.match(machine.gantry('status'), /inventory/);
  });

  void test('HOST-12 a script runs under the vm’s account, in a session of its own with no way to a desktop', async () => {
    machine.gantry('system', 'set', 'eventScripts=true');
    const text = '#!/bin/sh\nid -u; id -G; ps -o tty= -p $$; env; ls /run/user /tmp/.X11-unix\n';
    machine.must('sh', '-c', `printf '%s' "$1" > /opt/look && chmod 755 /opt/look`, 'sh', text);
    const scripts = 'settings.scripts=[{event: vm.state.powered-on, file: /opt/look}]';
    const bare = ['--memory', '64M', '--network', 'none'];
    machine.gantry('vm', 'create', 'scripted', ...bare, '--set', scripts, '--start');
    const { attributes } = await scriptEnd('vm.script.finished');
    const [uid, groups, terminal, ...rest] = String(attributes['output']).split('\n');
    assert.ok(Number(uid) > 1_900_000_000);
    assert.equal(groups, uid);
    assert.equal(terminal?.trim(), '?');
    assert.doesNotMatch(rest.join('\n'), /DISPLAY|WAYLAND|XAUTHORITY|XDG_|DBUS/);
  });

  void test('EVT-06 HOST-62 events of the host and its vms are in the journal, with their numbers and severities', async () => {
    const since = lastEvent();
    machine.gantry('vm', 'pause', 'scripted');
    machine.gantry('vm', 'resume', 'scripted');
    const resumed = await eventAfter(since, 'vm.state.resumed');
    const lines = await withDeadline('the lines', 20_000, undefined, async (signal) => {
      for (;;) {
        const { out } = machine.run('journalctl', '-t', 'gantry', '-o', 'cat', '--no-pager');
        if (out.includes(resumed.message)) return out.trimEnd().split('\n');
        await systemClock.sleep(100, signal);
      }
    });
    const isThere = (name: keyof typeof eventCatalogue): boolean =>
      lines.some((line) => line.startsWith(`GANTRY-${eventCatalogue[name].number} `));
    assert.ok(isThere('host.started') && isThere('vm.state.suspended'), lines.join('\n'));
    const told = machine.must('journalctl', '-t', 'gantry', '-p', 'warning', '-o', 'cat');
    assert.ok(!told.includes(resumed.message), 'it is no warning');
  });

  void test('SEC-54 without its run account a vm neither starts by itself nor runs scripts, missing or locked', async () => {
    machine.must('pwconv');
    machine.must('useradd', '--system', '--password', 'x', 'runner');
    const event = 'settings.scripts=[{event: vm.state.suspended, file: /opt/look}]';
    const start = ['settings.runAs=runner', 'settings.start.onHostStart=always'];
    machine.gantry('vm', 'set', 'scripted', ...start, event);
    machine.gantry('vm', 'turn-off', 'scripted');
    machine.gantry('vm', 'start', 'scripted');
    const refused = async (why: RegExp): Promise<void> => {
      machine.gantry('vm', 'pause', 'scripted');
      const { attributes } = await scriptEnd('vm.script.failed');
      assert.match(String(attributes['reason']), why);
      machine.gantry('vm', 'turn-off', 'scripted');
      const since = lastEvent();
      machine.gantry('host', 'stop', 'machine', '--yes');
      machine.gantry('host', 'start', 'machine');
      const failed = await eventAfter(since, 'vm.start-failed');
      assert.match(String(failed.attributes['reason']), why);
    };
    machine.gantry('vm', 'pause', 'scripted');
    const { attributes } = await scriptEnd('vm.script.finished');
    const uid = machine.must('id', '-u', 'runner').trim();
    assert.equal(String(attributes['output']).split('\n')[0], uid);
    machine.gantry('vm', 'resume', 'scripted');
    machine.must('usermod', '--lock', 'runner');
    await refused(/account runner is closed/);
    machine.must('usermod', '--unlock', 'runner');
    machine.gantry('vm', 'start', 'scripted');
    // Its processes still run: the account goes from the list alone.
    machine.must('sed', '-i', '/^runner:/d', '/etc/passwd');
    await refused(/no account runner/);
    machine.gantry('vm', 'delete', 'scripted', '--yes');
  });

  void test('an installation that ran as root is taken over once, and a link in it harms nobody', () => {
    machine.gantry('down');
    const data = '/var/lib/gantry/coordinator';
    machine.must('chown', '-R', 'root:root', data);
    machine.must('sh', '-c', 'install -m 0600 /dev/null /etc/secret; mkdir -p /etc/gantry/tls');
    machine.must('install', '-m', '0600', '/dev/null', '/etc/gantry/tls/key.new');
    machine.must('ln', '-s', '/etc/secret', `${data}/link`);
    machine.must('ln', '/etc/secret', `${data}/second-name`);
    machine.gantry('up', '--yes', '--no-vm', '--no-install');
    assert.equal(machine.must('stat', '-c', '%U', '/etc/secret').trim(), 'root');
    assert.equal(machine.must('stat', '-c', '%U', `${data}/store.db`).trim(), 'gantry-coordinator');
    assert.equal(
      machine.must('stat', '-c', '%G %a', '/etc/gantry/tls').trim(),
      'gantry-coordinator 2755',
    );
    const key = machine.must('stat', '-c', '%U %G %a', '/etc/gantry/tls/key.new').trim();
    assert.equal(key, 'root gantry-coordinator 640');
    machine.must('rm', `${data}/link`, `${data}/second-name`, '/etc/secret');
  });

  void test('data that the account cannot reach is refused with what lets it', () => {
    machine.must('install', '-d', '-m', '0700', '/srv', '/srv/closed');
    const lab = ['--data', '/srv/closed/lab', '--listen', '127.0.0.1:7543'];
    const { code, err } = machine.run('/opt/gantry/gantry', 'up', '--no-install', ...lab);
    assert.notEqual(code, 0);
    assert.match(err, /account gantry-[0-9a-f]{8}-coordinator cannot reach \/srv\/closed/);
    assert.match(err, /chmod o\+x \/srv\/closed/);
    machine.must('rm', '-r', '/srv/closed');
  });

  void test('programs in a home that nobody else may enter run all the same', () => {
    machine.gantry('down');
    machine.must(
      'sh',
      '-c',
      'chmod 700 /root && mkdir /root/gantry && mount --bind /opt/gantry /root/gantry',
    );
    machine.must('/root/gantry/gantry', 'up', '--no-vm', '--no-install');
    assert.match(machine.must('cat', `/proc/${mainPid(units[0])}/cmdline`), /\/root\/gantry\//);
    machine.gantry('down');
    machine.must('sh', '-c', 'umount /root/gantry && rmdir /root/gantry');
    machine.gantry('up', '--yes', '--no-vm', '--no-install');
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

  void test('HOST-49 HOST-50 HOST-23 HOST-11 WEB-01 a reboot of the system ends vms by their stop actions first, and they come back with the site, without display, keyboard, mouse or anybody signed in', async () => {
    const since = events().at(-1)?.seq ?? 0;
    await machine.reboot();
    // Nobody has signed in and nothing was typed: the services started with the system.
    assert.equal(machine.must('who'), '');
    const devices = machine.must('ls', '/dev').split('\n');
    for (const name of ['dri', 'fb0', 'input', 'tty0', 'vcs'])
      assert.ok(!devices.includes(name), name);
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
    const agent = mainPid(units[1]);
    const terminal = machine.must('cat', `/proc/${agent}/stat`).split(') ')[1]?.split(' ')[4];
    assert.equal(terminal, '0', 'it has no terminal');
    for (const pid of [agent, mainPid(units[0]), ...processes()])
      assert.doesNotMatch(
        machine.must('cat', `/proc/${pid}/environ`),
        /DISPLAY=|WAYLAND|XDG_SESSION/,
      );
    const running = vms().filter(({ state }) => state === 'running');
    assert.deepEqual(running.map(({ name }) => name).sort(), ['cut', 'kept']);
    assert.match(machine.must('node', '-e', fetchSite), /<title>Gantry/i);
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
    assert.equal(machine.run('id', 'gantry-coordinator').code, 1);
  });
});
