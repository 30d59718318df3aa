/** What is known of a guest while its agent answers a part of what it is asked: an agent of a guest that is made up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#lib';
import { silentLog } from '#log';
import type { GuestAgent } from '#qemu';
import { HeldClock } from '../../../testing/held-clock.ts';
import { makeDefinition } from '../../../testing/simulated-host.ts';
import { GuestFreeze } from './freeze.ts';
import { GuestMonitor, type GuestSample } from './monitor.ts';
import { Reachability } from './reachability.ts';

const volume = { name: 'vdb', mountpoint: '/mnt', type: 'ext4', disk: [] };
const link = {
  name: 'eth0',
  'hardware-address': '52:54:00:00:00:01',
  'ip-addresses': [{ 'ip-address': '10.0.2.15', 'ip-address-type': 'ipv4', prefix: 24 }],
};

class MadeGuest implements AsyncDisposable {
  /** What it says to each question; a function's fault is what goes wrong. */
  readonly answers: Record<string, () => unknown> = {
    'guest-ping': () => ({}),
    'guest-fsfreeze-status': () => (this.frozen ? 'frozen' : 'thawed'),
    'guest-fsfreeze-freeze': () => {
      this.frozen = true;
      return 1;
    },
    'guest-get-host-name': () => ({ 'host-name': 'web' }),
    'guest-network-get-interfaces': () => [link],
    'guest-get-fsinfo': () => [volume],
  };
  frozen = false;
  /** Called before each answer. */
  onAsk: (command: string) => Promise<void> | void = () => undefined;
  readonly monitor: GuestMonitor;
  readonly freeze: GuestFreeze;

  constructor() {
    const clock = new HeldClock();
    const definition = makeDefinition();
    const agent = {
      execute: (command: string) => this.#execute(command),
      [Symbol.asyncDispose]: async () => undefined,
    } as unknown as GuestAgent;
    const observer = (): void => undefined;
    this.freeze = new GuestFreeze({
      agent: () => agent,
      occupy: () => this.monitor.occupy(),
      clock,
      observer,
      log: silentLog,
    });
    this.monitor = new GuestMonitor({
      agent,
      freeze: this.freeze,
      clock,
      observer,
      definition: () => definition,
      shippedVersion: '1',
      hostName: 'h1',
      hostDomain: null,
      folderSharing: 'none',
      productVersion: '1',
      reachability: new Reachability([]),
      bootedMs: null,
      wasHeard: () => true,
    });
    this.monitor.setRunning('running');
    this.monitor.setChannel('open');
  }

  /** Asked now, and what is known afterwards. */
  async known(): Promise<GuestSample['guest']> {
    await this.monitor.askAdditionsVersion();
    return this.monitor.sample().guest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.freeze[Symbol.dispose]();
    await this.monitor[Symbol.asyncDispose]();
  }

  async #execute(command: string): Promise<unknown> {
    await this.onAsk(command);
    const isAllowed = !this.frozen || /fsfreeze|ping/.test(command);
    if (command === 'guest-info') {
      const names = Object.keys(this.answers);
      const supported = names.map((name) => ({ name, enabled: true }));
      return { version: '7.2', supported_commands: supported };
    }
    const answer = this.answers[command];
    if (!isAllowed || !answer) throw new Fault('unsupported', `${command} has been disabled`);
    return answer();
  }
}

test('what a guest told before stands where it does not answer in time, and ends where it says that there is none', async () => {
  await using guest = new MadeGuest();
  const before = await guest.known();
  assert.deepEqual([before?.hostName, before?.fileSystems.length], ['web', 1]);
  const silent = (): never => {
    throw new Fault('timeout', 'the guest does not answer');
  };
  guest.answers['guest-get-fsinfo'] = silent;
  guest.answers['guest-network-get-interfaces'] = silent;
  guest.answers['guest-get-host-name'] = () => ({ 'host-name': 'db' });
  assert.deepEqual(await guest.known(), { ...before, hostName: 'db' });
  guest.answers['guest-get-fsinfo'] = () => {
    throw new Fault('refused', 'it has no file systems');
  };
  guest.answers['guest-network-get-interfaces'] = () => [];
  const after = await guest.known();
  assert.deepEqual([after?.fileSystems, after?.addresses], [[], []]);
  delete guest.answers['guest-get-host-name'];
  assert.equal((await guest.known())?.hostName, null, 'its agent knows no such question any more');
});

test('what a guest told before stands where its file systems are held in the midst of a round', async () => {
  await using guest = new MadeGuest();
  const before = await guest.known();
  guest.answers['guest-get-host-name'] = () => ({ 'host-name': 'db' });
  const all = { mountPoints: [], limitMs: 60_000 };
  guest.onAsk = async (command) => {
    if (command !== 'guest-get-fsinfo') return;
    guest.onAsk = () => undefined;
    await guest.freeze.begin(all, AbortSignal.timeout(10_000));
  };
  assert.deepEqual(await guest.known(), before, 'half of an answer counts for nothing');
  assert.equal(guest.frozen, true);
  assert.deepEqual(await guest.known(), before);
  guest.frozen = false;
  guest.freeze.forget();
  assert.deepEqual(await guest.known(), { ...before, hostName: 'db' });
});
