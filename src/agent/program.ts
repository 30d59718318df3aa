/**
 * The agent as a program: one host, or several simulated ones, each with its own certificate, its own link
 * and its own folder.
 *
 *   data/host.json         who the host is        data/machines/     records of its vms
 *   data/credentials.json  its certificate        data/outbox.jsonl  events not yet delivered
 *   data/arrivals/         vms on their way here
 *   data/join-key.pem      its key while it joins
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostSettingsSchema, viewerPath } from '#api';
import { abortReason, describeFault, Fault, isFault, systemClock, type Clock } from '#lib';
import type { Log } from '#log';
import type { Driver } from './drivers/driver.ts';
import { QemuDriver } from './drivers/qemu/driver.ts';
import { defaultSize, defaultTiming, noFaults } from './drivers/simulated/options.ts';
import { Gone } from './drivers/simulated/gone.ts';
import { HandedGuests } from './drivers/simulated/handed.ts';
import { SimulatedDriver } from './drivers/simulated/driver.ts';
import { Host, type DriverHost } from './host/host.ts';
import { readHostFile, writeHostFile, type HostFile } from './host/host-file.ts';
import { corruptProgram, findDamage, tellCorrupt, type DamagedHost } from './host/installation.ts';
import { isSystemEnding } from './host/system-end.ts';
import { Outbox } from './host/outbox.ts';
import { SystemLog } from './host/system-log.ts';
import type { Certified } from './join/certified.ts';
import { joinUntilJoined, tidyAfterJoin } from './join/join-until-joined.ts';
import { keepRenewed } from './join/renew.ts';
import { writeCredentials } from './link/credentials.ts';
import { dial, Link, streamPath } from './link/link.ts';
import { Wallet } from './link/wallet.ts';
import { RecordStore } from './machine/record-store.ts';
import { endpointOf, type AgentOptions } from './options.ts';
import type { Durability } from './storage/atomic-file.ts';
import { Arrivals } from './transfer/arrivals.ts';
import { Streams } from './stream/streams.ts';
import { ViewerPorts } from './stream/viewer-ports.ts';
import { makeHandlers } from './verbs/mod.ts';

const someFaults = { ...noFaults, startFails: 0.02, shutdownIgnored: 0.05, crashPerHour: 0.05 };

/** Runs until the signal aborts; machines go on after that. Errors: `corrupt` where the `program` is not as it was built. */
export async function runAgent(
  options: AgentOptions,
  program: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const damage = await findDamage(program);
  if (damage.length > 0) {
    for (let index = 0; index < options.hosts; index += 1)
      await tellCorrupt(damagedHost(placeOf(options, index)), damage, { log, clock });
    throw corruptProgram(program, damage);
  }
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
  const hostPath = join(dataDir, 'host.json');
  const { wallet, file } = await openConfiguration(place, hostPath, hostLog, clock, signal);
  const durability = durabilityOf(options);
  const outbox = await Outbox.open(join(dataDir, 'outbox.jsonl'), durability, hostLog);
  const host = await Host.open({
    file,
    saveFile: (changed) => writeHostFile(hostPath, changed),
    driver: (asked) => makeDriver(place, clock, hostLog, asked),
    clock,
    log: hostLog,
    outbox,
    records: new RecordStore(join(dataDir, 'machines'), durability, hostLog),
    arrivals: await Arrivals.open(join(dataDir, 'arrivals'), hostLog),
    systemLog: options.driver === 'qemu' ? SystemLog.open({ clock, log: hostLog }) : undefined,
  });
  const dialStream = (streamId: string) =>
    dial(options.coordinator, `${streamPath}/${encodeURIComponent(streamId)}`, wallet.inUse);
  const streams = new Streams(dialStream, hostLog);
  await host.begin();
  const { coordinator } = options;
  const dialViewer = (vmId: string, from: string) =>
    dial(coordinator, `${viewerPath}/${vmId}?from=${encodeURIComponent(from)}`, wallet.inUse);
  const viewers = new ViewerPorts(dialViewer, hostLog);
  const handlers = makeHandlers(host, streams, viewers);
  const link = new Link({
    coordinator,
    wallet,
    host,
    handlers,
    clock,
    random: Math.random,
    // It says anew what is to be listened on.
    onWelcome: () => void viewers.listen({ address: null, ports: [] }),
  });
  outbox.onReady(() => link.nudge());
  const renewal = {
    coordinator,
    hostName: place.name,
    wallet,
    onRenewed: () => link.redial(),
    clock,
    log: hostLog,
    random: Math.random,
  };
  const end = new AbortController();
  const told = endHost(host, signal).finally(() => end.abort(abortReason(signal)));
  await Promise.all([told, link.run(end.signal), keepRenewed(renewal, end.signal)]);
  streams.closeAll();
  viewers.close();
  await host[Symbol.asyncDispose]();
}

/** Resolves when the host may end: it was told to, and its vms have been stopped if they end with it. */
async function endHost(host: Host, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  if (await isSystemEnding()) await host.service.standDown();
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
    const coordinator = endpointOf(options.coordinator);
    return QemuDriver.make({
      dataDir,
      runtimeDir,
      hostName: name,
      coordinator,
      clock,
      log,
      ...host,
    });
  }
  return new SimulatedDriver(
    {
      seed: `${options.seed}/${place.index}`,
      hostName: name,
      vms: options.vms,
      timing: defaultTiming,
      faults: options.faults === 'some' ? someFaults : noFaults,
      gone: await Gone.open(join(dataDir, 'gone.json')),
      handed: await HandedGuests.open(join(dataDir, 'handed.json')),
      clock,
      ...defaultSize(options.vms),
    },
    host,
  );
}

const durabilityOf = ({ driver }: AgentOptions): Durability =>
  driver === 'simulated' ? 'cached' : 'flushed';

const damagedHost = ({ options, dataDir, name }: HostPlace): DamagedHost => ({
  dataDir,
  name,
  durability: durabilityOf(options),
  systemLog: options.driver === 'qemu' ? 'written' : 'left alone',
});

/** Who the host is, and what it proves that with. Errors: `corrupt`, which is told before. */
async function openConfiguration(
  place: HostPlace,
  hostPath: string,
  log: Log,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly wallet: Wallet; readonly file: HostFile }> {
  try {
    const wallet = await openWallet(place, hostPath, log, clock, signal);
    const file = await readHostFile(hostPath);
    if (file) return { wallet, file };
    throw new Fault('corrupt', `${hostPath} is missing`, {
      hint: 'remove the data and join again',
    });
  } catch (error) {
    if (isFault(error, 'corrupt'))
      await tellCorrupt(damagedHost(place), [describeFault(error)], { log, clock });
    throw error;
  }
}

/** The credentials of the host, which joins where it has none. */
async function openWallet(
  place: HostPlace,
  hostPath: string,
  log: Log,
  clock: Clock,
  signal: AbortSignal,
): Promise<Wallet> {
  const { options, name: hostName, index } = place;
  const path = credentialsPath(place);
  const plan = {
    ...options,
    hostName,
    index,
    pendingKeyFile: join(place.dataDir, 'join-key.pem'),
    keep: async ({ hostId, credentials }: Certified) => {
      await writeHostFile(hostPath, newHostFile(hostId, hostName));
      await writeCredentials(path, credentials);
    },
    clock,
    log,
    random: Math.random,
  };
  let wallet = await Wallet.open(path, log);
  if (!wallet) {
    await joinUntilJoined(plan, signal);
    wallet = await Wallet.open(path, log);
  }
  if (!wallet) throw new Fault('corrupt', `${path} is missing`, { hint: 'join the host again' });
  await tidyAfterJoin(
    plan,
    (at) => at < options.hosts && existsSync(credentialsPath(placeOf(options, at))),
  );
  return wallet;
}

const credentialsPath = ({ dataDir }: HostPlace): string => join(dataDir, 'credentials.json');

function newHostFile(hostId: string, hostName: string): HostFile {
  return {
    gantry: 'host',
    format: 1,
    hostId,
    hostName,
    settings: hostSettingsSchema.parse({}),
    eventScripts: false,
    thumbnails: true,
    serviceRunning: true,
    bootId: '',
  };
}
