import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { makeAuthority, type TestAuthority } from '../testing/authority.ts';
import { FakeCoordinator } from '../testing/fake-coordinator.ts';
import { TestHost } from '../testing/simulated-host.ts';
import { makePrivateKey, makeRequest } from '../join/signing-request.ts';
import type { Handlers } from './calls.ts';
import { writeCredentials, type Credentials } from './credentials.ts';
import { Link } from './link.ts';
import { Wallet } from './wallet.ts';

async function withFolder(work: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gw-'));
  try {
    await work(join(folder, 'credentials.json'), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeCredentials(authority: TestAuthority): Promise<Credentials> {
  const privateKey = makePrivateKey();
  const certificate = await authority.sign(await makeRequest(privateKey, 'h'));
  return { privateKey, certificate, authority: authority.pem };
}

async function openWallet(path: string): Promise<Wallet> {
  const wallet = await Wallet.open(path, silentLog);
  assert.ok(wallet);
  return wallet;
}

/** Runs a link with the wallet until the work has ended. */
async function withLink(
  coordinator: FakeCoordinator,
  wallet: Wallet,
  work: (link: Link) => Promise<void>,
): Promise<void> {
  await using test = await TestHost.make();
  const controller = new AbortController();
  const link = new Link({
    coordinator: coordinator.url,
    wallet,
    host: test.host,
    handlers: {} as Handlers,
    clock: systemClock,
    random: () => 0,
  });
  const run = link.run(controller.signal);
  await work(link).finally(() => controller.abort());
  await run;
}

test('credentials that are new are linked with at once, and only then the old ones go', () =>
  withFolder(async (path, folder) => {
    await using coordinator = await FakeCoordinator.start();
    const [old, next] = [
      await makeCredentials(coordinator.authority),
      await makeCredentials(coordinator.authority),
    ];
    await writeCredentials(path, old);
    const wallet = await openWallet(path);
    await withLink(coordinator, wallet, async (link) => {
      const host = await coordinator.host();
      await wallet.keep(next);
      assert.equal((await readdir(folder)).length, 2);
      link.redial();
      await host.until('the second link', () => host.links === 2);
      while (wallet.isRenewing) await systemClock.sleep(5);
    });
    assert.deepEqual(wallet.inUse, next);
    assert.deepEqual(await readdir(folder), ['credentials.json']);
    assert.deepEqual((await openWallet(path)).inUse, next);
  }));

test('credentials that are new and not taken give way to the old ones', () =>
  withFolder(async (path, folder) => {
    await using coordinator = await FakeCoordinator.start();
    const old = await makeCredentials(coordinator.authority);
    const foreign = await makeCredentials(await makeAuthority());
    await writeCredentials(path, old);
    await (await openWallet(path)).keep(foreign);
    const wallet = await openWallet(path);
    assert.deepEqual(wallet.inUse, foreign);
    await withLink(coordinator, wallet, async () => {
      await coordinator.host();
      while (wallet.isRenewing) await systemClock.sleep(5);
    });
    assert.deepEqual(wallet.inUse, old);
    assert.deepEqual(await readdir(folder), ['credentials.json']);
  }));

test('what a kill left of a write is removed, and damaged credentials do not hide good ones', () =>
  withFolder(async (path, folder) => {
    const authority = await makeAuthority();
    const [old, next] = [await makeCredentials(authority), await makeCredentials(authority)];
    await writeCredentials(path, old);
    await writeFile(`${path}.0123456789abcdef.tmp`, '{"privateKey"');
    await writeFile(join(folder, 'credentials.next.json.fedcba9876543210.tmp'), '{"privateKey"');
    await writeFile(join(folder, 'credentials.next.json'), '{"privateKey"');
    assert.deepEqual((await openWallet(path)).inUse, old);
    assert.equal((await readdir(folder)).length, 2);
    await writeCredentials(join(folder, 'credentials.next.json'), next);
    await writeFile(path, '{"privateKey"');
    assert.deepEqual((await openWallet(path)).inUse, next);
    assert.deepEqual(await readdir(folder), ['credentials.json']);
    await writeFile(path, '{"privateKey"');
    await assert.rejects(Wallet.open(path, silentLog), /cannot read/);
  }));
