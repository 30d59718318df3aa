/**
 * The agent as a program: one host, or several simulated ones, each with its own certificate, its own link
 * and its own folder.
 *
 *   data/host.json         who the host is        data/machines/     records of its vms
 *   data/credentials.json  its certificate        data/outbox.jsonl  events not yet delivered
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostSettingsSchema } from '#api';
import { describeFault, Fault, systemClock, type Clock } from '#lib';
import type { Log } from '#log';
import type { Driver } from './drivers/driver.ts';
import { QemuDriver } from './drivers/qemu/driver.ts';
import { defaultSize, defaultTiming, noFaults } from './drivers/simulated/options.ts';
import { SimulatedDriver } from './drivers/simulated/driver.ts';
import { Host, type DriverHost } from './host/host.ts';
import { readHostFile, writeHostFile, type HostFile } from './host/host-file.ts';
import { Outbox } from './host/outbox.ts';
import { joinCluster, type Trust } from './join/join.ts';
import { backoffMs } from './link/backoff.ts';
import { readCredentials, writeCredentials, type Credentials } from './link/credentials.ts';
import { dial, Link, streamPath } from './link/link.ts';
import { RecordStore } from './machine/record-store.ts';
import type { AgentOptions } from './options.ts';
import { Streams } from './stream/streams.ts';
import { makeHandlers } from './verbs/mod.ts';

const someFaults = { ...noFaults, startFails: 0.02, shutdownIgnored: 0.05, crashPerHour: 0.05 };

/** Runs until the signal aborts; machines go on after that. */
export async function runAgent(
  options: AgentOptions,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  await Promise.all(
    Array.from({ length: options.hosts }, (_, index) =>
      runHost(placeOf(options, index), log, clock, signal),
    ),
  );
}

/** One host's share of the options. */
interface HostPlace {
  readonly options: AgentOptions;
  readonly index: number;
  readonly name: string;
  readonly dataDir: string;
}

function placeOf(options: AgentOptions, index: number): HostPlace {
  if (options.hosts === 1) {
    return { options, index, name: options.hostName, dataDir: options.dataDir };
  }
  const name = `${options.hostName}-${index + 1}`;
  return { options, index, name, dataDir: join(options.dataDir, 'hosts', name) };
}

async function runHost(
  place: HostPlace,
  log: Log,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { options, dataDir } = place;
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const hostLog = log.child({ host: place.name });
  const credentialsPath = join(dataDir, 'credentials.json');
  const hostPath = join(dataDir, 'host.json');
  const credentials =
    (await readCredentials(credentialsPath)) ??
    (await joinUntilJoined(place, credentialsPath, hostPath, hostLog, clock, signal));
  const file = await readHostFile(hostPath);
  if (!file) {
    throw new Fault('corrupt', `${hostPath} is missing`, {
      hint: 'remove the data and join again',
    });
  }
  const durability = options.driver === 'simulated' ? 'cached' : 'flushed';
  const outbox = await Outbox.open(join(dataDir, 'outbox.jsonl'), durability, hostLog);
  const host = await Host.open({
    file,
    saveFile: (changed) => writeHostFile(hostPath, changed),
    driver: (asked) => makeDriver(place, clock, hostLog, asked),
    clock,
    log: hostLog,
    outbox,
    records: new RecordStore(join(dataDir, 'machines'), durability, hostLog),
  });
  const dialStream = (streamId: string) =>
    dial(options.coordinator, `${streamPath}/${encodeURIComponent(streamId)}`, credentials);
  const streams = new Streams(dialStream, hostLog);
  await host.begin();
  const { coordinator } = options;
  const handlers = makeHandlers(host, streams);
  const link = new Link({ coordinator, credentials, host, handlers, clock, random: Math.random });
  outbox.onReady(() => link.nudge());
  await link.run(signal);
  streams.closeAll();
  await host[Symbol.asyncDispose]();
}

async function makeDriver(
  place: HostPlace,
  clock: Clock,
  log: Log,
  host: DriverHost,
): Promise<Driver> {
  const { options, name, dataDir } = place;
  if (options.driver === 'qemu') {
    const { runtimeDir } = options;
    return QemuDriver.make({ dataDir, runtimeDir, hostName: name, clock, log, ...host });
  }
  return new SimulatedDriver(
    {
      seed: `${options.seed}/${place.index}`,
      hostName: name,
      vms: options.vms,
      timing: defaultTiming,
      faults: options.faults === 'some' ? someFaults : noFaults,
      clock,
      ...defaultSize(options.vms),
    },
    host.files,
  );
}

/** A coordinator that is not there yet is waited for; a token that is refused is the end. */
async function joinUntilJoined(
  place: HostPlace,
  credentialsPath: string,
  hostPath: string,
  log: Log,
  clock: Clock,
  signal: AbortSignal,
): Promise<Credentials> {
  const { options } = place;
  const token = await readToken(options, place.index);
  const trust = await readTrust(options);
  const backoff = { firstMs: 250, maxMs: 15_000, random: Math.random };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const { coordinator, driver } = options;
      const request = { coordinator, token, trust, hostName: place.name, driver, signal };
      const { hostId, credentials } = await joinCluster(request);
      await writeHostFile(hostPath, newHostFile(hostId, place.name));
      await writeCredentials(credentialsPath, credentials);
      log.info({ hostId }, 'joined');
      return credentials;
    } catch (error) {
      if (!(error instanceof Fault) || !error.retry) throw error;
      log.warn({ why: describeFault(error) }, 'not joined yet');
      await clock.sleep(backoffMs(attempt, backoff), signal);
    }
  }
}

function newHostFile(hostId: string, hostName: string): HostFile {
  return {
    gantry: 'host',
    format: 1,
    hostId,
    hostName,
    settings: hostSettingsSchema.parse({}),
    serviceRunning: true,
    bootId: '',
  };
}

async function readToken(options: AgentOptions, index: number): Promise<string> {
  const text =
    options.tokenFile === undefined
      ? process.env['GANTRY_JOIN_TOKEN']
      : await readFile(options.tokenFile, 'utf8');
  const tokens = (text ?? '').split(/[\s,]+/).filter((token) => token !== '');
  const token = tokens[index] ?? tokens.at(-1);
  if (token !== undefined) return token;
  throw new Fault('invalid', 'this host has not joined and has no token to join with', {
    hint: 'make one with: gantry host join-token, and give it with --token-file',
  });
}

async function readTrust(options: AgentOptions): Promise<Trust> {
  const { authorityFile, fingerprint } = options;
  if (authorityFile !== undefined) {
    return { kind: 'authority', pem: await readFile(authorityFile, 'utf8') };
  }
  if (fingerprint !== undefined) return { kind: 'fingerprint', sha256: fingerprint };
  throw new Fault('invalid', 'this host has not joined and knows no authority to trust', {
    hint: 'give --authority FILE or --fingerprint HEX, which the join token came with',
  });
}
