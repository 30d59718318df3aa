/**
 * From an installation to a client of its API: where the server listens (the coordinator's file in the
 * runtime folder), the authority to trust, and the token that lies beside the data for the user who
 * owns it. With --server these come from GANTRY_TOKEN and GANTRY_AUTHORITY, or the machine's trust.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { z } from 'zod';
import { Client, type ClientOptions } from '#api';
import { Fault } from '#lib';
import type { Installation } from './installation.ts';

export const coordinatorFileSchema = z.object({
  pid: z.number().int().min(1),
  url: z.url(),
  startedAt: z.string(),
});
export type CoordinatorFile = z.infer<typeof coordinatorFileSchema>;

export const authorityFile = (installation: Installation): string =>
  join(installation.data, 'coordinator/authority/authority.pem');
export const localTokenFile = (installation: Installation): string =>
  join(installation.data, 'coordinator/access/local-token');
const coordinatorFile = (installation: Installation): string =>
  join(installation.runtime, 'coordinator/coordinator.json');

/** What the running coordinator wrote about itself, or undefined where none did. */
export function readCoordinatorFile(installation: Installation): CoordinatorFile | undefined {
  const text = readOptional(coordinatorFile(installation));
  if (text === undefined) return undefined;
  const parsed = coordinatorFileSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

export interface Connection {
  readonly server: string;
  readonly token: string;
  /** PEM of authorities to trust beside the machine's own. */
  readonly authority: string | undefined;
}

/** Where a server is, and what it is known by. Errors: `unavailable` when nothing runs. */
export function findServer(
  installation: Installation,
  environment: NodeJS.ProcessEnv,
): Omit<Connection, 'token'> {
  const { server } = installation;
  if (server !== undefined) {
    const file = environment['GANTRY_AUTHORITY'];
    return { server, authority: file === undefined ? undefined : readFileSync(file, 'utf8') };
  }
  const running = readCoordinatorFile(installation);
  if (running !== undefined)
    return { server: running.url, authority: readOptional(authorityFile(installation)) };
  throw new Fault('unavailable', `no coordinator runs for ${installation.data}`, {
    hint: 'start it with: gantry up',
  });
}

/** Where and how to reach the API. Errors: `unavailable` when nothing runs, `unauthenticated` when there is no token. */
export function findConnection(
  installation: Installation,
  environment: NodeJS.ProcessEnv,
): Connection {
  if (installation.server !== undefined && installation.token === undefined)
    throw new Fault('unauthenticated', `no token for ${installation.server}`, {
      hint: 'put one into GANTRY_TOKEN; it is made on that server, or in its console, with: token create NAME',
    });
  const found = findServer(installation, environment);
  const token = installation.token ?? readOptional(localTokenFile(installation))?.trim();
  if (token === undefined) {
    throw new Fault('unauthenticated', `no token that this user can read in ${installation.data}`, {
      hint: 'use the account that ran gantry up, or put a token into GANTRY_TOKEN',
    });
  }
  return { ...found, token };
}

/** Trusts the authority in this process, beside the machine's own. */
export function trust(authority: string | undefined): void {
  if (authority !== undefined)
    setDefaultCACertificates([...getCACertificates('default'), authority]);
}

/** A client for the connection. */
export function openClient(
  { server, token, authority }: Connection,
  options: Pick<ClientOptions, 'trace' | 'dryRun'> = {},
): Client {
  trust(authority);
  return new Client({ server, token, ...options });
}

function readOptional(file: string): string | undefined {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
