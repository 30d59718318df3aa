/** Joining the real access room of a coordinator. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { isFault } from '#lib';
import { startPlace } from '../../coordinator/access/testing/place.ts';
import { Stage } from '../../coordinator/testing/stage.ts';
import { readCredentials } from '../link/credentials.ts';
import { makeAuthority } from '../testing/authority.ts';
import { invite, makeJoiningHost, opensLink } from '../testing/joined.ts';
import { callCoordinator } from './call.ts';
import { joinUntilJoined, tidyAfterJoin } from './join-until-joined.ts';
import { removeSpentTokens } from './token-file.ts';

const limit = AbortSignal.timeout(30_000);

function shownIssuer(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
    resolve(String(socket.getPeerCertificate().issuer.CN)),
  );
  socket.once('error', reject);
  return promise.finally(() => socket.destroy());
}

test('a host joins and links where people are shown a certificate of their own', async (t) => {
  await using stage = await Stage.open();
  const make = async () => (await stage.send('POST', '/hosts/join-token')).json;
  const [first, second] = [await make(), await make()] as { token: string; fingerprint: string }[];
  const foreign = await makeAuthority();
  await stage.restart(async () => {
    const folder = join(stage.folder, 'config/tls');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'cert.pem'), foreign.serverCertificate + foreign.pem);
    await writeFile(join(folder, 'key.pem'), foreign.serverKey);
  });
  const url = new URL(stage.url);
  assert.equal(await shownIssuer(Number(url.port)), 'test authority');
  const { authority } = stage;
  const one = await makeJoiningHost(t, { url, authority, token: first?.token ?? '' });
  await joinUntilJoined(one.plan, limit);
  const credentials = await readCredentials(one.credentialsFile);
  assert.ok(credentials);
  assert.equal(await opensLink(url, credentials), true);
  const two = await makeJoiningHost(t, { url, authority, token: second?.token ?? '' });
  const trust = { authorityFile: undefined, fingerprint: second?.fingerprint };
  await joinUntilJoined({ ...two.plan, ...trust, hostName: 'h2' }, limit);
  assert.ok(await readCredentials(two.credentialsFile));
});

test('SEC-64 a host whose join was lost after the token was spent joins with the same token', async (t) => {
  const place = await startPlace(t);
  const { plan, credentialsFile } = await makeJoiningHost(t, await invite(place));
  const lost: string[] = [];
  const losing = {
    ...plan,
    keep: async ({ hostId }: { readonly hostId: string }) => {
      lost.push(hostId);
      throw new Error('killed');
    },
  };
  await assert.rejects(joinUntilJoined(losing, limit), /killed/);
  const { mode } = await stat(plan.pendingKeyFile);
  assert.equal(mode & 0o777, 0o600);
  const key = await readFile(plan.pendingKeyFile, 'utf8');
  await joinUntilJoined(plan, limit);
  const hosts = [...place.coordinator.inventory.documents('host')];
  assert.deepEqual(
    hosts.map(({ id }) => id),
    lost,
  );
  const credentials = await readCredentials(credentialsFile);
  assert.equal(credentials?.privateKey, key);
  assert.equal(await opensLink(place.url, credentials), true);
});

test('an answer that is cut off is a fault that is tried again, not a wait', async (t) => {
  const authority = await makeAuthority();
  const server = createServer(
    { key: authority.serverKey, cert: authority.serverCertificate },
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"hostId"', () => response.destroy());
    },
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const coordinator = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const call = { coordinator, path: '/x', ca: authority.pem, body: {}, signal: limit };
  await assert.rejects(callCoordinator(call), (error) => isFault(error, 'unavailable'));
});

test('the token file and the pending key go once the host has joined, and only then', async (t) => {
  const place = await startPlace(t);
  const { plan, tokenFile } = await makeJoiningHost(t, await invite(place));
  await joinUntilJoined(plan, limit);
  assert.ok(existsSync(tokenFile));
  await tidyAfterJoin(plan, (index) => index === 0);
  assert.equal(existsSync(tokenFile), false);
  assert.equal(existsSync(plan.pendingKeyFile), false);
  // A token that comes later is for somebody else's join.
  await writeFile(tokenFile, 'a-later-token');
  await tidyAfterJoin(plan, (index) => index === 0);
  assert.ok(existsSync(tokenFile));
});

test('a file with tokens of hosts that have not joined stays, and so does what is no plain file', async (t) => {
  const place = await startPlace(t);
  const { folder, tokenFile } = await makeJoiningHost(t, await invite(place));
  await writeFile(tokenFile, 'one-token\nanother-token\n');
  assert.equal(await removeSpentTokens(tokenFile, (index) => index === 0), false);
  await rename(tokenFile, join(folder, 'real'));
  await symlink(join(folder, 'real'), tokenFile);
  assert.equal(await removeSpentTokens(tokenFile, () => true), false);
  assert.ok(existsSync(join(folder, 'real')));
  assert.equal(await removeSpentTokens(join(folder, 'real'), () => true), true);
  assert.equal(await removeSpentTokens(join(folder, 'real'), () => true), false);
});
