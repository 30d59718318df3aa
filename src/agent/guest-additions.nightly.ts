/** Guest additions at work in a real guest: heartbeat, health, clock, versions; and what is told where they are missed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MachineSample } from '#api';
import { additionsVersion } from '#images';
import { isFault, miB, systemClock } from '#lib';
import { BootedGuest } from './testing/booted-guest.ts';
import { bareDefinition, withoutQemu, type QemuAgent } from './testing/qemu-agent.ts';

describe('guest additions at work', { skip: withoutQemu }, () => {
  let guest: BootedGuest;
  let agent: QemuAgent;
  let id = '';

  before(async () => {
    guest = await BootedGuest.boot();
    ({ agent, id } = guest);
  });

  after(async () => {
    await guest?.[Symbol.asyncDispose]();
  });

  test('GA-07 GA-25 GA-34 GA-35 the guest agent is found, shows life and tells of its guest', async () => {
    const sample = await guest.untilSample(
      'a heartbeat and an address',
      ({ heartbeat, guest }) => heartbeat.state === 'good' && (guest?.addresses.length ?? 0) > 0,
    );
    assert.equal(sample.additions.state, 'running');
    assert.ok(sample.guest?.addresses.includes('10.0.2.15'));
    assert.match(sample.guest?.osName ?? '', /starter/);
    assert.equal(sample.guest?.hostName, 'guest-1');
    assert.equal(sample.guest?.timezone, 'UTC');
    assert.ok((sample.guest?.memoryTotalBytes ?? 0) > 100 * miB);
    assert.equal(sample.additions.functions['shutdown'], true);
    assert.equal(sample.guestHealth, 'working');
  });

  test('GA-09 every heartbeat is counted', async () => {
    const beats = async (least: number): Promise<number> => {
      const holds = ({ heartbeat }: MachineSample): boolean => heartbeat.beats >= least;
      const sample = await guest.untilSample(`${least} heartbeats`, holds);
      return sample.heartbeat.beats;
    };
    const first = await beats(1);
    assert.ok((await beats(first + 1)) > first);
  });

  test('GA-16 the clock’s offset is measured while it is not set; GA-12 switched on, it is set', async () => {
    const setTime = (time: object) => guest.configure({ time });
    const offset = (what: string, holds: (offsetMs: number) => boolean) =>
      guest.untilSample(what, ({ guest }) => {
        const clock = guest?.clockOffsetMs ?? null;
        return clock !== null && holds(clock);
      });
    await setTime({ synchronise: false });
    const before = guest.corrections();
    await guest.serial.command('date -s @$(( $(date +%s) + 7200 ))');
    await setTime({ synchronise: false });
    await offset('a clock two hours ahead', (clock) => Math.abs(clock - 7_200_000) < 60_000);
    assert.equal(guest.corrections(), before);
    const clock = async (set: string | null): Promise<number> =>
      (await agent.host.call('machine.clock', { id, set })).timeMs;
    assert.ok(Math.abs((await clock(null)) - Date.now() - 7_200_000) < 60_000);
    const wanted = '2030-01-02T03:04:05.000Z';
    assert.ok(Math.abs((await clock(wanted)) - Date.parse(wanted)) < 60_000);
    assert.match(await guest.serial.command('date -u +%Y-%m-%d'), /2030-01-02/);
    // Who sets the clock has set that of the machine, too.
    await guest.serial.command('date -s 2031-01-02');
    assert.ok(Math.abs((await clock('hardware')) - Date.parse(wanted)) < 60_000);
    await setTime({ synchronise: true });
    await agent.host.until('a correction', () => guest.corrections() > before, 30_000);
    await offset('a clock that is right', (clock) => Math.abs(clock) < 60_000);
  });

  test('the password of an account is what is said, as it is or as the guest keeps it', async () => {
    await guest.untilSample('its agent', ({ additions }) => additions.state === 'running');
    const shadow = (): Promise<string> => guest.serial.command('grep ^root: /etc/shadow');
    const password = '$6$saltsalt$sesame';
    const set = (user: string, isEncrypted: boolean): Promise<object> =>
      agent.host.call('machine.password', { id, user, password, isEncrypted });
    const before = await shadow();
    await set('root', true);
    assert.ok((await shadow()).includes(`root:${password}:`));
    await set('root', false);
    const after = await shadow();
    assert.match(after, /root:\$/);
    assert.ok(!after.includes('sesame') && after !== before);
    await assert.rejects(set('nobody-here', false), (error) => isFault(error, 'refused'));
  });

  test('GA-13 GA-14 the domain of a guest is recognised, and that it is a domain controller', async () => {
    const found = (wanted: boolean) =>
      guest.untilSample('the role', ({ guest }) => guest?.domainController === wanted);
    await found(false);
    await guest.serial.command(
      'mkdir -p /etc/samba; echo default_realm = LAB.TEST > /etc/krb5.conf',
    );
    await guest.serial.command(
      "printf '[global]\\nserver role = active directory domain controller\\n' > /etc/samba/smb.conf",
    );
    await guest.configure({});
    await found(true);
    assert.equal(agent.host.samples.get(id)?.guest?.domain, 'lab.test');
  });

  test('GA-12 after a pause the clock is set by the next beat', async () => {
    const pausedMs = 2000;
    await guest.configure({ time: { synchronise: true } });
    const isRight = ({ guest }: MachineSample): boolean =>
      Math.abs(guest?.clockOffsetMs ?? Infinity) <= 500;
    await guest.untilSample('a clock that is right', isRight);
    const before = guest.corrections();
    await agent.act(id, 'pause');
    await systemClock.sleep(pausedMs);
    await agent.act(id, 'resume');
    await agent.host.until('a correction', () => guest.corrections() > before);
    const told = agent.host.events.findLast(({ name }) => name === 'vm.clock.corrected');
    assert.ok(Number(told?.attributes['offsetMs']) < -pausedMs / 2);
    await guest.untilSample('a clock that is right', isRight);
    const offset = await guest.readClockOffset();
    assert.ok(Math.abs(offset) < 1_500, `${offset} ms`);
  });

  test('GA-08 GA-11 EVT-65 a guest agent that stops answering is missed, and welcomed back', async () => {
    const beat = (): number => Date.parse(agent.host.samples.get(id)?.heartbeat.lastAt ?? '');
    const before = beat();
    await guest.serial.command('kill -STOP $(cat /run/qemu-ga.pid)');
    const stoppedMs = Date.now();
    await agent.untilEvent('vm.heartbeat.lost', id, 40_000);
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    // Its kernel still refuses who comes through the forward.
    await guest.untilSample(
      'a guest that works without its agent',
      ({ heartbeat, guestHealth }) => heartbeat.state === 'missed' && guestHealth === 'working',
    );
    await guest.serial.command('kill -CONT $(cat /run/qemu-ga.pid)');
    await agent.untilEvent('vm.heartbeat.regained', id, 40_000);
    const told = agent.host.events.filter(({ name }) => name.startsWith('vm.heartbeat.'));
    const [lost, regained] = told.slice(-2);
    assert.deepEqual([lost?.name, regained?.name], ['vm.heartbeat.lost', 'vm.heartbeat.regained']);
    const lastMs = Date.parse(String(lost?.attributes['lastAt']));
    assert.ok(lastMs >= before && lastMs <= stoppedMs, `${before} ${lastMs} ${stoppedMs}`);
    assert.equal(lost?.attributes['missed'], 3);
    assert.equal(regained?.attributes['lastAt'], lost?.attributes['lastAt']);
    assert.ok(Date.parse(regained?.time ?? '') > lastMs + 2_000);
  });

  test('GA-21 additions are updated in the running guest, and its version is seen to change', async () => {
    await guest.serial.command(`echo '{"version":"0.9.0"}' > /usr/share/gantry/additions.json`);
    await guest.configure({});
    await guest.untilSample('outdated', ({ additions }) => additions.state === 'outdated');
    await agent.act(id, 'update-additions');
    await agent.untilEvent('vm.additions.updated', id);
    const updated = agent.host.events.find(({ name }) => name === 'vm.additions.updated');
    assert.deepEqual(updated?.attributes, { from: '0.9.0', to: additionsVersion });
    const sample = await guest.untilSample(
      'the additions of the host',
      ({ additions }) => additions.state === 'running',
    );
    assert.equal(sample.additions.version, additionsVersion);
    assert.match(
      await guest.serial.command('gantry-guest additions'),
      new RegExp(additionsVersion),
    );
    await guest.serial.untilCommand('ls /usr/local/bin /run/gantry', /gantry-guest/);
    assert.doesNotMatch(await guest.serial.command('ls /run/gantry'), /additions\s/);
  });

  test('GA-11 a guest whose agent was taken away, or that has none, is told from one that hangs', async () => {
    const empty = await agent.create(
      bareDefinition(
        { adapters: [] },
        { settings: { heartbeat: { intervalSeconds: 1, missedLimit: 3, bootSeconds: 5 } } },
      ),
    );
    await agent.act(empty, 'turn-on');
    await agent.untilSample(
      empty,
      'nothing to hear of',
      ({ guestHealth }) => guestHealth === 'without-additions',
    );
    await guest.serial.command(
      'kill $(cat /run/gantry/guest-agent/pid); killall qemu-ga; echo gone',
    );
    await agent.act(id, 'save');
    await agent.act(id, 'restore');
    await guest.reopen();
    await guest.untilHealth('without-additions');
    await guest.serial.command(
      'qemu-ga -d -f /run/qemu-ga.pid -p /dev/virtio-ports/org.qemu.guest_agent.0',
    );
    await guest.untilHealth('working');
  });

  test('VM-83 GA-18 GA-35 a guest that hangs is reset where that is asked for, and has no additions until it is heard again', async () => {
    await guest.configure({ failure: { reaction: 'reset', maxRepetitions: 1 } });
    await guest.untilSample('additions', ({ additions }) => additions.state === 'running');
    const pid = agent.pid(id);
    await guest.serial.command('kill -STOP $(cat /run/qemu-ga.pid)');
    guest.serial.text = '';
    const booting = guest.untilHealth('booting');
    await agent.untilEvent('vm.failure-reaction', id, 40_000);
    const [reaction] = agent.host.events.filter(({ name }) => name === 'vm.failure-reaction');
    assert.deepEqual(reaction?.attributes, { reaction: 'reset', repetition: 1, limit: 1 });
    const resets = (): number =>
      agent.host.events.filter(
        ({ name, attributes }) => name === 'vm.state.reset' && attributes['how'] === 'reset',
      ).length;
    await agent.host.until('its reset', () => resets() === 1);
    assert.equal(agent.pid(id), pid);
    await booting;
    await assert.rejects(agent.act(id, 'shutdown'), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /no guest additions have answered/);
      return true;
    });
    await guest.untilSample('no additions', ({ additions }) => additions.state === 'none');
    await guest.serial.logIn('root', 'gantry');
    await guest.untilSample('additions', ({ additions }) => additions.state === 'running');
    await guest.configure({ failure: { reaction: 'none' } });
  });

  test('GA-19 GA-22 EVT-66 older additions are told, go on with what they know, and the rest is named', async () => {
    await guest.serial.command(`echo '{"version":"0.9.0"}' > /usr/share/gantry/additions.json`);
    await guest.serial.command('kill $(cat /run/gantry/guest-agent/pid)');
    await guest.serial.command('killall qemu-ga; while pidof qemu-ga; do sleep 0.1; done');
    await guest.serial.command(
      'qemu-ga -d -f /run/qemu-ga.pid -t /run -m virtio-serial ' +
        '-p /dev/virtio-ports/org.qemu.guest_agent.0 -b guest-set-time,guest-get-fsinfo,guest-exec',
    );
    const old = await guest.untilSample(
      'older additions',
      // The version may be read before the agent that says it is ended, and no file systems were heard of yet.
      ({ additions, guest }) =>
        additions.state === 'outdated' &&
        additions.functions['time'] !== true &&
        guest?.fileSystems.length === 0,
    );
    assert.equal(old.additions.version, '0.9.0');
    assert.match(String(old.additions.functions['time']), /does not know guest-set-time/);
    assert.equal(old.additions.functions['shutdown'], true);
    assert.ok(old.guest?.addresses.includes('10.0.2.15'));
    const outdated = () => agent.host.events.filter(({ name }) => name === 'vm.additions.outdated');
    const versions = { installed: '0.9.0', shipped: additionsVersion };
    await agent.untilEvent('vm.additions.outdated', id);
    assert.deepEqual(outdated().at(-1)?.attributes, versions);
    const times = outdated().length;
    // Told once, and again at every start.
    await agent.act(id, 'save');
    assert.equal(outdated().length, times);
    await agent.act(id, 'restore');
    await guest.reopen();
    await agent.host.until('the event again', () => outdated().length === times + 1, 40_000);
    assert.deepEqual(outdated().at(-1)?.attributes, versions);
    const { beats } = old.heartbeat;
    await guest.untilSample('a heartbeat', ({ heartbeat }) => heartbeat.beats > beats);
    await assert.rejects(agent.act(id, 'update-additions'), (error) => {
      assert.ok(isFault(error, 'unsupported'));
      assert.match(error.message, /does not offer guest-exec/);
      return true;
    });
  });
});
