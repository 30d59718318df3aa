/** Renewal against the real access room of a coordinator, on clocks that are held. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { silentLog } from '#log';
import { startPlace, until, type Place } from '../../coordinator/access/testing/place.ts';
import { readCredentials, type Credentials } from '../link/credentials.ts';
import { Wallet } from '../link/wallet.ts';
import { HeldClock } from '../testing/held-clock.ts';
import { invite, makeJoiningHost, opensLink, type JoiningHost } from '../testing/joined.ts';
import { joinUntilJoined } from './join-until-joined.ts';
import { isRenewalDue, keepRenewed, type RenewalPlan } from './renew.ts';

const dayMs = 86_400_000;

interface Scene extends JoiningHost {
  readonly place: Place;
  readonly clock: HeldClock;
  readonly lines: readonly { readonly msg: string; readonly waitMs?: number }[];
  readonly first: Credentials;
  /** As after a kill: what is on disk, and nothing else. */
  reopen(): Promise<Wallet>;
  /** Both clocks. */
  pass(ms: number): Promise<void>;
  begin(wallet: Wallet, change?: Partial<RenewalPlan>): void;
}

async function startScene(t: TestContext): Promise<Scene> {
  const place = await startPlace(t);
  const host = await makeJoiningHost(t, await invite(place));
  await joinUntilJoined(host.plan, new AbortController().signal);
  const clock = new HeldClock(Date.now());
  const lines: { msg: string; waitMs?: number }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const first = await readCredentials(host.credentialsFile);
  assert.ok(first);
  return {
    ...host,
    place,
    clock,
    lines,
    first,
    reopen: async () => {
      const wallet = await Wallet.open(host.credentialsFile, silentLog);
      assert.ok(wallet);
      return wallet;
    },
    pass: async (ms) => {
      place.move(ms);
      await clock.advance(ms);
    },
    begin: (wallet, change = {}) => {
      const controller = new AbortController();
      const { coordinator, hostName } = host.plan;
      const onRenewed = (): void => undefined;
      const plan = { coordinator, hostName, wallet, onRenewed, clock, log, random: () => 1 };
      const work = keepRenewed({ ...plan, ...change }, controller.signal);
      t.after(() => {
        controller.abort();
        return work;
      });
    },
  };
}

test('SEC-65 a certificate is renewed when less than a third of its life is left, with a new key', async (t) => {
  const scene = await startScene(t);
  const { clock, first, credentialsFile } = scene;
  const wallet = await scene.reopen();
  let renewals = 0;
  scene.begin(wallet, { onRenewed: () => (renewals += 1) });
  await until('the first look', () => clock.waiting === 1);
  await scene.pass(260 * dayMs);
  assert.equal(isRenewalDue(first, clock.now()), false);
  assert.equal(wallet.isRenewing, false);
  await scene.pass(10 * dayMs);
  assert.equal(isRenewalDue(first, clock.now()), true);
  await until('the renewal', () => renewals === 1);
  const renewed = wallet.inUse;
  assert.notEqual(renewed.privateKey, first.privateKey);
  assert.equal(isRenewalDue(renewed, clock.now()), false);
  const end = new X509Certificate(renewed.certificate).validToDate.getTime();
  assert.ok(end - clock.now() > 390 * dayMs);
  const next = credentialsFile.replace('.json', '.next.json');
  assert.deepEqual(await readCredentials(next), renewed);
  assert.equal((await stat(next)).mode & 0o777, 0o600);
  assert.deepEqual(await readCredentials(credentialsFile), first, 'the old one stays');
});

test('SEC-65 a kill at any point of a renewal leaves credentials that open the link', async (t) => {
  const scene = await startScene(t);
  const { place, first, folder, credentialsFile } = scene;
  await scene.pass(300 * dayMs);
  const wallet = await scene.reopen();
  scene.begin(wallet);
  await until('the renewal', () => wallet.isRenewing);
  const renewed = wallet.inUse;
  // Killed before the new ones were written: the old ones are on disk, and are taken.
  assert.equal(await opensLink(place.url, first), true);
  // Killed after that: the new ones are shown first, the old ones are there.
  const second = await scene.reopen();
  assert.deepEqual(second.inUse, renewed);
  second.failed(second.inUse);
  assert.deepEqual(second.inUse, first);
  // Killed after the first use, before the old ones went: those that are shown first are taken.
  assert.equal(await opensLink(place.url, renewed), true);
  await until('the exchange', async () => !(await opensLink(place.url, first)));
  const third = await scene.reopen();
  assert.equal(await opensLink(place.url, third.inUse), true);
  await third.worked(third.inUse);
  assert.deepEqual(await readCredentials(credentialsFile), renewed);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('credentials')),
    ['credentials.json'],
  );
  const last = await scene.reopen();
  assert.equal(last.isRenewing, false);
  assert.equal(await opensLink(place.url, last.inUse), true);
});

test('a renewal that fails is logged and tried again, further and further apart', async (t) => {
  const scene = await startScene(t);
  const { clock, lines } = scene;
  await scene.pass(300 * dayMs);
  const wallet = await scene.reopen();
  const coordinator = new URL('https://127.0.0.1:1');
  scene.begin(wallet, { coordinator });
  const waits = (): (number | undefined)[] => lines.map(({ waitMs }) => waitMs);
  for (const [index, minutes] of [1, 2, 4, 8, 16, 32, 64, 128, 240, 240].entries()) {
    await until('a failure', () => lines.length === index + 1 && clock.waiting === 1);
    assert.equal(waits().at(-1), minutes * 60_000);
    await clock.advance(minutes * 60_000 - 1);
    assert.equal(lines.length, index + 1);
    await clock.advance(1);
  }
  assert.equal(wallet.isRenewing, false);
  assert.match(lines[0]?.msg ?? '', /not renewed/);
});
