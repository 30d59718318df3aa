/**
 * What a QEMU binary can do, by its own account: started without a machine, asked through the monitor.
 * The answer belongs to one binary and may be kept for as long as its file does not change.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '#lib';
import { flag, integer, list, map, optional, record, text, type Parser } from '../parse.ts';
import { connectQmp } from '../qmp/client.ts';
import { ask, type Monitor } from '../qmp/commands/ask.ts';
import { printable, type QemuVersion } from '../qmp/messages.ts';
import type { Acceleration } from '../command-line/spec.ts';
import { makeMortal } from '../mortal.ts';

export interface MachineType {
  /** `pc-q35-7.2`. */
  readonly name: string;
  /** `q35`, on the newest of a family. */
  readonly alias: string | undefined;
  readonly maxProcessors: number;
  readonly deprecated: boolean;
}

export interface ProcessorModel {
  readonly name: string;
  /** Features it lacks under emulation; under kvm the host decides. Empty: complete. */
  readonly missingFeatures: readonly string[];
  readonly deprecated: boolean;
}

export interface QemuCapabilities {
  readonly version: QemuVersion;
  readonly machineTypes: readonly MachineType[];
  readonly processorModels: readonly ProcessorModel[];
  /** Names of all devices, as in `-device`. */
  readonly devices: ReadonlySet<string>;
  /** Those compiled in; `probeAcceleration` tells which of them work. */
  readonly accelerations: readonly Acceleration[];
}

export interface CapabilityOptions {
  /** 15 s unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const defaultTimeoutMs = 15_000;

/** Errors: `unavailable` when it cannot be started; `timeout`; `internal` when its answers do not fit. */
export async function readCapabilities(
  qemuPath: string,
  options: CapabilityOptions = {},
): Promise<QemuCapabilities> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gantry-caps-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'qmp');
  const { program, args } = makeMortal(qemuPath, machineArguments(socketPath));
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new AbortController();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 2000);
  });
  const onEnd = (cause: unknown): void => {
    const message = `${qemuPath} ended before it could be asked: ${printable(said)}`;
    ended.abort(new Fault('unavailable', message, { cause }));
  };
  child.once('error', onEnd);
  child.once('close', () => onEnd(undefined));
  stack.defer(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const signal = options.signal ? AbortSignal.any([ended.signal, options.signal]) : ended.signal;
  const client = stack.use(await connectQmp(socketPath, { timeoutMs, signal, absent: 'wait' }));
  return await askAll(client, client.version, { timeoutMs, signal });
}

function machineArguments(socketPath: string): readonly string[] {
  const chardev = `socket,id=monitor,path=${socketPath.replaceAll(',', ',,')},server=on,wait=off`;
  const machine = ['-machine', 'none', '-accel', 'tcg', '-S'];
  const monitor = ['-chardev', chardev, '-mon', 'chardev=monitor,mode=control'];
  return ['-no-user-config', '-nodefaults', '-display', 'none', ...machine, ...monitor];
}

const parseMachines: Parser<readonly MachineType[]> = list(
  map(
    record({
      name: text(128),
      alias: optional(text(128)),
      'cpu-max': integer(0),
      deprecated: optional(flag),
    }),
    (machine) => ({
      name: machine.name,
      alias: machine.alias,
      maxProcessors: machine['cpu-max'],
      deprecated: machine.deprecated ?? false,
    }),
  ),
);

const parseModels: Parser<readonly ProcessorModel[]> = list(
  map(
    record({
      name: text(128),
      'unavailable-features': optional(list(text(128), 512)),
      deprecated: optional(flag),
    }),
    (model) => ({
      name: model.name,
      missingFeatures: model['unavailable-features'] ?? [],
      deprecated: model.deprecated ?? false,
    }),
  ),
);

const parseTypes = map(list(record({ name: text(256) }), 16_384), (types) =>
  types.map(({ name }) => name),
);

const accelerators: readonly (readonly [type: string, acceleration: Acceleration])[] = [
  ['kvm-accel', 'kvm'],
  ['tcg-accel', 'tcg'],
];

async function askAll(
  monitor: Monitor,
  version: QemuVersion,
  options: CapabilityOptions,
): Promise<QemuCapabilities> {
  const typesOf = (implementing: string): Promise<readonly string[]> =>
    ask(monitor, 'qom-list-types', { implements: implementing }, parseTypes, options);
  const compiled = await typesOf('accel');
  return {
    version,
    machineTypes: await ask(monitor, 'query-machines', undefined, parseMachines, options),
    processorModels: await ask(monitor, 'query-cpu-definitions', undefined, parseModels, options),
    devices: new Set(await typesOf('device')),
    accelerations: accelerators
      .filter(([type]) => compiled.includes(type))
      .map(([, acceleration]) => acceleration),
  };
}
