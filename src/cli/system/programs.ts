/** The two programs as `up` starts them: arguments, readiness, and the first joining of this machine's agent. */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Client, Host } from '#api';
import { isFault, systemClock } from '#lib';
import { authorityFile, findConnection, openClient, readCoordinatorFile } from '../connection.ts';
import type { Installation } from '../installation.ts';
import { programCommand, runForeground, type Program } from './processes.ts';
import { programFile } from './program-build.ts';
import { beginProgram, programRuns, untilServing } from './running.ts';
import type { StartSettings } from './settings.ts';

const serveLimitMs = 60_000;
const lookMs = 50;
const readyLimitMs = 120_000;

export const agentData = (installation: Installation): string => join(installation.data, 'agent');
export const agentRuntime = (installation: Installation): string =>
  join(installation.runtime, 'agent');
const joinTokenFile = (installation: Installation): string =>
  join(agentData(installation), 'join-token');

export function coordinatorArguments(
  installation: Installation,
  settings: StartSettings,
): readonly string[] {
  return [
    '--data',
    join(installation.data, 'coordinator'),
    '--config',
    installation.config,
    '--runtime',
    join(installation.runtime, 'coordinator'),
    '--listen',
    settings.listen,
    ...(settings.libvirtListen === undefined ? [] : ['--libvirt-listen', settings.libvirtListen]),
  ];
}

export function agentArguments(
  installation: Installation,
  settings: StartSettings,
): readonly string[] {
  const simulate =
    settings.simulate === null
      ? ['--driver', 'qemu', '--name', hostname()]
      : [
          '--driver',
          'simulated',
          '--name',
          'sim',
          '--hosts',
          String(settings.simulate.hosts),
          '--vms',
          String(settings.simulate.vms),
        ];
  return [
    '--data',
    agentData(installation),
    '--runtime',
    agentRuntime(installation),
    '--coordinator',
    `https://${localAddress(settings.listen)}`,
    '--authority',
    authorityFile(installation),
    '--token-file',
    joinTokenFile(installation),
    ...simulate,
  ];
}

/** How many of the agent's hosts have not joined yet: those without a certificate. */
function hostsToJoin(installation: Installation, { simulate }: StartSettings): number {
  const data = agentData(installation);
  if (simulate === null || simulate.hosts === 1)
    return existsSync(join(data, 'credentials.json')) ? 0 : 1;
  const joined = globSync('hosts/*/credentials.json', { cwd: data }).length;
  return joined === simulate.hosts ? 0 : simulate.hosts;
}

/** The address this machine reaches itself at: listening on all addresses is reached at the loopback one. */
function localAddress(listen: string): string {
  return listen.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:');
}

async function healthy(client: Client, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.call('installation.healthy', {}, signal)).ok;
  } catch (error) {
    if (isFault(error, 'unavailable') || isFault(error, 'timeout')) return false;
    throw error;
  }
}

/** Starts the coordinator unless it runs, and waits until it serves. */
export async function ensureCoordinator(
  installation: Installation,
  settings: StartSettings,
  signal: AbortSignal,
): Promise<{ client: Client; started: boolean }> {
  const runs = await programRuns(installation, 'coordinator');
  if (!runs)
    await beginProgram(
      installation,
      'coordinator',
      coordinatorArguments(installation, settings),
      signal,
    );
  const client = await untilServing(installation, 'coordinator', serveLimitMs, signal, async () => {
    if (readCoordinatorFile(installation) === undefined) return undefined;
    const made = openClient(findConnection(installation, process.env));
    return (await healthy(made, signal)) ? made : undefined;
  });
  return { client, started: !runs };
}

/** Puts a one-time token per host where the agent finds them, unless all have joined before. */
async function prepareJoin(
  installation: Installation,
  settings: StartSettings,
  client: Client,
  signal: AbortSignal,
): Promise<void> {
  const count = hostsToJoin(installation, settings);
  if (count === 0) return;
  const tokens: string[] = [];
  for (let index = 0; index < count; index += 1)
    tokens.push((await client.call('host.join-token', {}, signal)).token);
  mkdirSync(agentData(installation), { recursive: true, mode: 0o711 });
  writeFileSync(joinTokenFile(installation), `${tokens.join('\n')}\n`, { mode: 0o600 });
}

/** Both programs in this terminal until the signal aborts or one of them ends. Answers their exit codes. */
export async function runPrograms(
  installation: Installation,
  settings: StartSettings,
  outer: AbortSignal,
): Promise<readonly PromiseSettledResult<number>[]> {
  const ends = new AbortController();
  const signal = AbortSignal.any([outer, ends.signal]);
  const coordinator = runBuilt(
    installation,
    'coordinator',
    coordinatorArguments(installation, settings),
    signal,
  ).finally(() => ends.abort());
  const agent = whenServing(installation, signal)
    .then((client) => prepareJoin(installation, settings, client, signal))
    .then(() => runBuilt(installation, 'agent', agentArguments(installation, settings), signal))
    .finally(() => ends.abort());
  return Promise.allSettled([coordinator, agent]);
}

/** Its exit code; 0 where it was to end before it had begun. */
async function runBuilt(
  installation: Installation,
  program: Program,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const file = await programFile(program, signal);
  if (signal.aborted) return 0;
  return runForeground(installation, program, programCommand(file, args), signal);
}

async function whenServing(installation: Installation, signal: AbortSignal): Promise<Client> {
  for (;;) {
    if (readCoordinatorFile(installation) !== undefined) {
      const client = openClient(findConnection(installation, process.env));
      if (await healthy(client, signal)) return client;
    }
    await systemClock.sleep(lookMs, signal);
  }
}

/** Of the hosts of this machine's agent that have joined. */
function hostIdsOf(installation: Installation): readonly string[] {
  const data = agentData(installation);
  const folders = [data, ...globSync('hosts/*', { cwd: data }).map((path) => join(data, path))];
  return folders.flatMap((folder) => readHostId(folder) ?? []);
}

/** Of the host whose data lies in the folder; undefined where it has not joined. */
export function readHostId(folder: string): string | undefined {
  try {
    const text = readFileSync(join(folder, 'host.json'), 'utf8');
    return /"hostId": "([0-9a-f-]{36})"/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Starts the agent unless it runs, with a token to join where it never has, and waits until its hosts are ready. */
export async function ensureAgent(
  installation: Installation,
  settings: StartSettings,
  client: Client,
  signal: AbortSignal,
): Promise<{ hosts: readonly Host[]; started: boolean }> {
  const runs = await programRuns(installation, 'agent');
  if (!runs) {
    await prepareJoin(installation, settings, client, signal);
    await beginProgram(installation, 'agent', agentArguments(installation, settings), signal);
  }
  const expected = settings.simulate?.hosts ?? 1;
  const hosts = await untilServing(installation, 'agent', readyLimitMs, signal, async () => {
    const ids = hostIdsOf(installation);
    if (ids.length < expected) return undefined;
    // Others may have joined, and be ready before.
    const filter = ids.length === 1 ? `status = ready AND id = ${ids[0]}` : 'status = ready';
    const page = await client.call('host.list', { query: { filter, limit: 1000 } }, signal);
    const own = page.items.filter(({ id }) => ids.includes(id));
    return own.length >= expected ? own : undefined;
  });
  return { hosts, started: !runs };
}
