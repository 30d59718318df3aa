/**
 * An installation for tests: the real store, inventory, access and HTTPS server in a folder of its own,
 * with a clock that can be put forward. Routes of other rooms answer `unsupported` once they are
 * reached: what is looked at here is who reaches them.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Fault, systemClock, type Clock } from '#lib';
import { silentLog, type Log } from '#log';
import {
  firstUserId,
  lowSpaceSchema,
  noViewers,
  profiles,
  routes,
  topFolderId,
  type Event,
  type Method,
  type RouteName,
} from '#api';
import { reserveName } from '../../app/names.ts';
import type { Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Handlers } from '../../http/route-handler.ts';
import { Claims } from '../../http/claims.ts';
import { Tickets } from '../../consoles/tickets.ts';
import { HttpServer } from '../../http/server.ts';
import { followStore } from '../../inventory/follow.ts';
import { MemoryInventory } from '../../inventory/memory-inventory.ts';
import { OperationPaces } from '../../app/operation-pace.ts';
import { HypervisorEvents } from '../../link/hypervisor-events.ts';
import { SkippedRecords } from '../../link/skipped-records.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Write } from '../../store/store.ts';
import { Access } from '../access.ts';
import type { Passwords } from '../sign-in/passwords.ts';

export interface Asked {
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Address that it comes from, of 127.0.0.0/8. */
  readonly from?: string;
  /** Without TLS. */
  readonly plain?: true;
  /** PEM of a client certificate and its key. */
  readonly agent?: { readonly cert: string; readonly key: string };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface Place {
  readonly folder: string;
  readonly coordinator: Coordinator;
  readonly access: Access;
  readonly server: HttpServer;
  readonly url: URL;
  readonly authority: string;
  /** Secret of the local token. */
  readonly admin: string;
  /** Which routes were reached, in order. */
  readonly reached: RouteName[];
  move(ms: number): void;
  /** The clock stands still from now on, but for `move`. */
  stopClock(): void;
  ask(method: Method | 'HEAD' | 'OPTIONS', path: string, asked?: Asked): Promise<Answer>;
  /** As the administrator; throws unless it is answered with success. */
  must(method: Method, path: string, body?: unknown): Promise<Record<string, unknown>>;
  events(): Promise<readonly Event[]>;
}

export interface PlaceOptions {
  readonly log?: Log;
  readonly passwords?: Passwords;
}

const accessRoutes =
  /^(session|user|role|grant|token|right|certificate|authority|audit)\.|^host\.(join|certificate)/;

export async function startPlace(t: TestContext, options: PlaceOptions = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'gacc-'));
  const stack = new AsyncDisposableStack();
  t.after(async () => {
    await stack.disposeAsync();
    await rm(folder, { recursive: true });
  });
  const log = options.log ?? silentLog;
  let offset = 0;
  let stoppedAt: number | undefined;
  const clock: Clock = { ...systemClock, now: () => (stoppedAt ?? Date.now()) + offset };
  const store = stack.use(await openSqliteStore({ file: join(folder, 'store.db'), clock, log }));
  const inventory = new MemoryInventory(clock);
  const follower = stack.use(await followStore(store, inventory, log));
  const nothing = (): never => {
    throw new Fault('unsupported', 'there are no hosts here');
  };
  const claims = new Claims();
  const coordinator: Coordinator = {
    store,
    commit: (commit) => claims.commit(commit, (whole) => follower.commit(whole)),
    inventory,
    links: { connected: () => false, whenSettled: nothing, call: nothing },
    closeWatch: { begin: () => () => undefined },
    streams: { carry: nothing },
    hostNetworks: { tellCarriers: nothing },
    skippedRecords: new SkippedRecords(),
    hypervisorEvents: new HypervisorEvents(),
    operationPaces: new OperationPaces(),
    operations: { submit: nothing, wait: nothing, cancel: nothing },
    sealer: { seal: nothing, unseal: nothing },
    clock,
    log,
    paths: { data: folder, config: join(folder, 'config'), runtime: folder },
  };
  const access = stack.use(
    await Access.open({
      coordinator,
      listenAddress: '127.0.0.1',
      passwords: options.passwords,
    }),
  );
  const reached: RouteName[] = [];
  const others = (Object.keys(routes) as RouteName[])
    .filter((name) => !accessRoutes.test(name))
    .map((name) => [
      name,
      () => {
        reached.push(name);
        throw new Fault('unsupported', 'this route is of another room');
      },
    ]);
  const server = stack.use(
    new HttpServer({
      coordinator,
      handlers: { ...Object.fromEntries(others), ...access.handlers } as Handlers,
      gate: access,
      tickets: new Tickets(clock),
      claims,
      agents: {
        acceptLink: nothing,
        expectsStream: () => false,
        acceptStream: nothing,
        expectsViewer: () => false,
        acceptViewer: nothing,
      },
      log,
      productVersion: '0',
      tls: access.tlsOptions(),
    }),
  );
  access.attach(server.server);
  const url = new URL(await server.listen('127.0.0.1', 0));
  const authority = await readFile(join(folder, 'authority/authority.pem'), 'utf8');
  const admin = (await readFile(join(folder, 'access/local-token'), 'utf8')).trim();
  const connections = new Agent({ ca: authority, keepAlive: true });
  stack.defer(() => connections.destroy());
  const ask: Place['ask'] = (method, path, asked = {}) => {
    const localAddress = asked.from;
    const isOwn = asked.agent !== undefined || localAddress !== undefined;
    const agent = isOwn ? new Agent({ ca: authority, localAddress, ...asked.agent }) : connections;
    return send(url, agent, method, path, asked);
  };
  return {
    folder,
    coordinator,
    access,
    server,
    url,
    authority,
    admin,
    reached,
    move: (ms) => (offset += ms),
    stopClock: () => (stoppedAt = Date.now()),
    ask,
    must: async (method, path, body) => {
      const answer = await ask(method, path, { token: admin, body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
      return answer.body;
    },
    events: () => store.events({ newestFirst: 'oldest-first', limit: 10_000 }),
  };
}

function send(
  url: URL,
  agent: Agent,
  method: string,
  path: string,
  { token, cookie, headers, body, plain }: Asked,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const settings = {
    host: '127.0.0.1',
    port: url.port,
    method,
    path: path.startsWith('/raw:') ? path.slice(5) : `/api/v1${path}`,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  };
  const sent = plain
    ? httpRequest({ ...settings, agent: false })
    : httpsRequest({ ...settings, agent });
  sent.on('error', reject);
  sent.on('response', (response) => {
    let all = '';
    response.on('data', (chunk: Buffer) => (all += chunk.toString()));
    response.on('end', () => {
      const isJson = all !== '' && /json/.test(response.headers['content-type'] ?? '');
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: isJson ? (JSON.parse(all) as Record<string, unknown>) : {},
        text: all,
      });
    });
  });
  sent.end(text);
  return promise;
}

/** A user with a password and the secret of a token of all the user's rights. */
export async function addUser(
  place: Place,
  name: string,
  body: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly token: string }> {
  const user = await place.must('POST', '/users', { name, ...body });
  const made = await place.must('POST', '/tokens', { name: `of ${name}`, user: name });
  return { id: String(user['id']), token: String(made['secret']) };
}

export const grant = (
  place: Place,
  subject: string,
  role: string,
  on: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> => {
  const [objectKind = '', object = ''] = on.split(':');
  return place.must('POST', '/grants', { subject, role, objectKind, object, ...more });
};

/** Cookie header of a response that signs in. */
export function cookieOf(answer: Answer): string {
  const header = answer.headers['set-cookie'];
  return String(Array.isArray(header) ? header[0] : header).split(';')[0] ?? '';
}

/** Folder, host and vm documents, as other rooms would write them. */
export async function addThings(
  place: Place,
  things: {
    readonly folders?: readonly (readonly [id: string, name: string, parentId: string | null])[];
    readonly hosts?: readonly (readonly [id: string, name: string])[];
    readonly vms?: readonly (readonly [
      id: string,
      name: string,
      hostId: string,
      folderId: string,
    ])[];
  },
): Promise<void> {
  const writes: Write[] = [];
  for (const [id, name, parentId] of things.folders ?? [])
    writes.push({ kind: 'folder', id, data: { name, parentId } });
  for (const [id, name] of things.hosts ?? [])
    writes.push(
      { kind: 'host', id, data: hostNamed(name) },
      ...reserveName('host', name, id).writes,
    );
  for (const [id, name, hostId, folderId] of things.vms ?? [])
    writes.push({ kind: 'vm', id, data: vmNamed(id, name, hostId, folderId) });
  await place.coordinator.commit({ writes });
}

export function hostNamed(name: string): HostDocument {
  return {
    name,
    driver: 'simulated',
    settings: {
      vmFolder: null,
      searchPath: [],
      maxRunningVms: null,
      memoryReserveBytes: 0,
      memoryOverheadBytes: 0,
      minimumFreeDiskBytes: 0,
      volumesWithoutPermissions: 'refuse',
      lowSpace: lowSpaceSchema.parse({}),
      liveMergeBytesPerSecond: null,
      stopTimeoutSeconds: 1,
      thumbnails: false,
      spanAddress: null,
      consoles: true,
      consoleMode: 'shared',
      viewers: noViewers,
      runAs: null,
      scripts: [],
    },
    facts: null,
    certificate: '',
    serviceRunning: true,
  };
}

/** As much of a vm as rights look at. */
export function vmNamed(id: string, name: string, hostId: string, folderId: string): VmDocument {
  const { hardware } = profiles.modern;
  const definition = { id, name, hardware } as unknown as VmDocument['definition'];
  return { definition, hostId, folderId, path: '', generation: 0, revision: 1 };
}

/** Waits for what happens behind an answer. Errors: when it has not within ten seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export const newId = (): string => randomUUID();
export { firstUserId, topFolderId };
