/** Turn on, hold, restore: from no process to a running or held one (VM-31, VM-35, VM-42). */
import { linkedPlace, type StartCheck, type VmActionRequest, type VmDefinition } from '#api';
import { describeFault, Fault, isoTime, present, toFault } from '#lib';
import type { Findings, Launch, Obstacle } from '../drivers/driver.ts';
import { checkNetworks } from '../network/networks.ts';
import { judgeConfiguration } from './configuration.ts';
import { findDisksAtWork } from './disks-at-work.ts';
import type { Hands, LaunchOptions } from './hands.ts';
import { judgeLayers } from './layers/check-layers.ts';
import { settleTaking } from './layers/live-snapshot.ts';
import { takeParents, tellParents } from './layers/take-parents.ts';
import { beginUndo } from './layers/undo.ts';
import { eventOfObstacle } from './obstacles.ts';
import { stopped, type MachineFile } from './record.ts';
import type { MachineHost } from './hands.ts';

/** Everything that stands against a start, without any side effect (VM-64). */
export async function checkStart(
  host: MachineHost,
  file: MachineFile,
  without: readonly string[] = [],
): Promise<StartCheck> {
  return toCheck(await findObstacles(host, file, without));
}

async function findObstacles(
  host: MachineHost,
  file: MachineFile,
  without: readonly string[] = [],
): Promise<Findings> {
  const admission = host.admit(file);
  const others = host.others(file.definition.id);
  const parents = await takeParents(host, file, file.definition.hardware.disks);
  const told = { ...file, layers: parents.layers };
  const findings = await host.driver.check(told, without, others);
  const network = await checkNetworks(host.driver.networks, file.definition);
  return {
    reasons: [
      ...(await judgeConfiguration(host.driver.storage, file)),
      ...linkedDisks(file),
      ...(await findDisksAtWork(host, file, file.definition.hardware.disks)),
      ...admission.reasons,
      ...parents.reasons,
      ...findings.reasons,
      ...network.reasons,
      ...(await judgeLayers(host.driver.storage, told)),
    ],
    warnings: [...admission.warnings, ...findings.warnings, ...network.warnings],
    unplugged: [...findings.unplugged, ...network.unplugged],
  };
}

/** VM-68, DISK-14. */
function linkedDisks({ definition }: MachineFile): Obstacle[] {
  const place = linkedPlace(definition.hardware);
  if (place === undefined) return [];
  const text = `the linked disk at ${place} serves only for conversion`;
  const remedy = 'convert it with: gantry vm convert-disk, or detach it';
  return [{ code: 'linked-disk', text, remedy }];
}

function toCheck({ reasons, warnings }: Findings): StartCheck {
  return { ok: reasons.length === 0, reasons: clean(reasons), warnings: clean(warnings) };
}

/** As `checkStart`, with what stands against the saved state (VM-77). */
export async function checkRestore(host: MachineHost, file: MachineFile): Promise<StartCheck> {
  return toCheck(await findRestoreObstacles(host, file));
}

async function findRestoreObstacles(host: MachineHost, file: MachineFile): Promise<Findings> {
  const found = await findObstacles(host, file);
  return { ...found, reasons: [...found.reasons, ...(await host.driver.checkSaved(file))] };
}

type Reasons = StartCheck['reasons'];
interface LooseReason {
  readonly code: string;
  readonly text: string;
  readonly remedy?: string | undefined;
}

function clean(reasons: readonly LooseReason[]): Reasons {
  return reasons.map(({ code, text, remedy }) =>
    remedy === undefined ? { code, text } : { code, text, remedy },
  );
}

/** Of devices that are not there the log tells one by one. */
function requireNone(hands: Hands, { reasons: obstacles }: Findings, what: string): void {
  if (obstacles.length === 0) return;
  for (const told of obstacles.map(eventOfObstacle))
    if (told) hands.emit(told.name, told.attributes);
  const reasons = clean(obstacles);
  const [first] = reasons;
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
  throw new Fault('blocked', `${what}: ${first?.text ?? ''}${more}`, {
    reasons,
    hint: first?.remedy,
  });
}

/** Which start this is: the number by which older requests are known. */
export interface StartOptions extends LaunchOptions {
  readonly generation: number;
}

export function startOptions(
  generation: number,
  start: LaunchOptions['start'],
  request: VmActionRequest,
): StartOptions {
  return { generation, start, bootOnce: request.bootOnce, without: request.without ?? [] };
}

/** The end of a start need not be on disk to be told: a start whose process is there counts as running (`recover`). */
export async function turnOn(hands: Hands, options: StartOptions): Promise<void> {
  const { host } = hands;
  const what = `cannot start ${hands.file.definition.name}`;
  try {
    await settleTaking(hands);
    await tellParents(hands);
    const findings = await findObstacles(host, hands.file, options.without);
    requireNone(hands, findings, what);
    hands.signal.throwIfAborted();
    await beginUndo(hands);
    const { definition } = hands.file;
    await begin(hands, 'starting', options.generation, unplug(definition, findings.unplugged));
    const launch = launchOf(hands, options);
    const running = await hands.launch((observer) => host.driver.start(launch, observer));
    const held = options.start === 'hold';
    hands.enter(held ? 'paused' : 'running', {
      held,
      startedAt: isoTime(host.clock.now()),
      lastFault: null,
      wasRunning: true,
    });
    hands.emit('vm.state.powered-on', { accelerator: running.accelerator, held });
  } catch (error) {
    throw await failStart(hands, 'off', 'vm.start-failed', what, error);
  }
}

export async function restore(hands: Hands, options: StartOptions): Promise<void> {
  const { host } = hands;
  const what = `cannot restore ${hands.file.definition.name}`;
  const path = present(hands.file.savedFile, 'the saved state of a saved machine');
  const beganMs = host.clock.now();
  try {
    await tellParents(hands);
    const findings = await findRestoreObstacles(host, hands.file);
    requireNone(hands, findings, what);
    hands.signal.throwIfAborted();
    const definition = hands.file.savedWith ?? hands.file.definition;
    await begin(hands, 'restoring', options.generation, unplug(definition, findings.unplugged));
    const launch = launchOf(hands, options);
    const running = await hands.launch((observer) => host.driver.restore(launch, path, observer));
    const runs = hands.file.ranBefore;
    // From the moment the guest runs, its disks move on and the saved state fits them no longer.
    hands.set({ released: true });
    await hands.persist();
    if (runs) await running.resume(hands.signal);
    hands.enter(runs ? 'running' : 'paused', {
      startedAt: isoTime(host.clock.now()),
      lastFault: null,
      wasRunning: true,
    });
    hands.emit('vm.state.restored', { durationMs: host.clock.now() - beganMs });
    await hands.persist();
    await dropSaved(hands, path);
  } catch (error) {
    const state = hands.file.released ? 'off' : 'saved';
    const fault = await failStart(hands, state, 'vm.restore-failed', what, error);
    if (state === 'off') await dropSaved(hands, path);
    throw fault;
  }
}

/** The file goes first: a record without it would leave it behind for ever. */
async function dropSaved(hands: Hands, path: string): Promise<void> {
  await hands.host.driver.storage.deleteSaved(path);
  hands.set({ savedFile: null, savedWith: null, released: false });
  await hands.persist();
}

/** What is started with: adapters that cannot be plugged in now wait for the next change or start. */
function unplug(definition: VmDefinition, slots: readonly number[]): VmDefinition {
  if (slots.length === 0) return definition;
  const adapters = definition.hardware.adapters.map((adapter) =>
    slots.includes(adapter.slot) ? { ...adapter, attachment: { kind: 'none' as const } } : adapter,
  );
  return { ...definition, hardware: { ...definition.hardware, adapters } };
}

/** The intention is on disk before anything happens. */
async function begin(
  hands: Hands,
  state: 'starting' | 'restoring',
  generation: number,
  startedWith: VmDefinition,
): Promise<void> {
  hands.enter(state, {
    generation: Math.max(generation, hands.file.generation),
    startedWith,
    process: null,
    held: false,
    released: false,
    ...(state === 'starting' ? { pluggedMemory: [] } : {}),
  });
  await hands.persist();
}

function launchOf(hands: Hands, options: LaunchOptions): Launch {
  return {
    file: hands.file,
    start: options.start,
    bootOnce: options.bootOnce,
    without: options.without,
    signal: hands.signal,
    onProcess: async ({ identity, accelerator, forwards }) => {
      hands.set({ process: identity, accelerator, forwards });
      await hands.persist();
    },
  };
}

async function failStart(
  hands: Hands,
  state: 'off' | 'saved',
  event: 'vm.start-failed' | 'vm.restore-failed',
  what: string,
  error: unknown,
): Promise<Fault> {
  await hands.running?.end();
  const cause = toFault(error);
  const fault = cause.message.startsWith(what)
    ? cause
    : new Fault(cause.code, what, { cause, ...carried(cause) });
  const reason = describeFault(fault);
  const lastFault = { at: isoTime(hands.host.clock.now()), code: fault.code, message: reason };
  if (hands.file.state === 'starting' || hands.file.state === 'restoring') {
    hands.enter(state, { ...stopped, lastFault });
  } else {
    hands.set({ lastFault });
  }
  const operation = event === 'vm.start-failed' ? 'turn on' : 'restore';
  hands.emit(event, { operation, reason, state: hands.file.state });
  await hands.persist().catch(() => undefined);
  return fault;
}

function carried(fault: Fault): {
  facts: Fault['facts'];
  hint: string | undefined;
  reasons: Fault['reasons'];
} {
  return { facts: fault.facts, hint: fault.hint, reasons: fault.reasons };
}
