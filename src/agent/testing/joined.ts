/** A host's folder and its joining, against a real coordinator's access room. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import type { JoinPlan } from '../join/join-until-joined.ts';
import { writeCredentials, type Credentials } from '../link/credentials.ts';
import { dial, linkPath } from '../link/link.ts';

export interface JoiningHost {
  readonly folder: string;
  readonly credentialsFile: string;
  readonly tokenFile: string;
  readonly plan: JoinPlan;
}

/** What a host is told to join with. */
export interface Invitation {
  readonly url: URL;
  readonly authority: string;
  readonly token: string;
}

export async function makeJoiningHost(
  t: TestContext,
  { url, authority, token }: Invitation,
): Promise<JoiningHost> {
  const folder = await mkdtemp(join(tmpdir(), 'gj-'));
  t.after(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  const credentialsFile = join(folder, 'credentials.json');
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority);
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const plan: JoinPlan = {
    coordinator: url,
    driver: 'simulated',
    hostName: 'h1',
    tokenFile,
    index: 0,
    authorityFile,
    fingerprint: undefined,
    pendingKeyFile: join(folder, 'join-key.pem'),
    keep: ({ credentials }) => writeCredentials(credentialsFile, credentials),
    clock: systemClock,
    log: silentLog,
    random: () => 0,
  };
  return { folder, credentialsFile, tokenFile, plan };
}

/** A new one-time token of a coordinator's access room. */
export async function invite(place: Place): Promise<Invitation> {
  const { token } = await place.must('POST', '/hosts/join-token');
  return { url: place.url, authority: place.authority, token: String(token) };
}

interface Place {
  readonly url: URL;
  readonly authority: string;
  must(method: 'POST', path: string): Promise<Record<string, unknown>>;
}

/** Whether the coordinator opens its link to these. Errors: those of TLS. */
export function opensLink(coordinator: URL, credentials: Credentials): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = dial(coordinator, linkPath, credentials);
  socket.once('upgrade', () => resolve(true));
  socket.once('unexpected-response', () => resolve(false));
  socket.on('error', reject);
  return promise.finally(() => socket.terminate());
}
