/** Turn off, shut down, save, discard: from a process to none (VM-34, VM-36 to VM-38). */
import { sharedPlace, type Actor, type UndoDecision, type VmActionRequest } from '#api';
import { describeFault, Fault, isoTime, present, toFault } from '#lib';
import type { Ending, Running } from '../drivers/driver.ts';
import type { Hands } from './hands.ts';
import { endOfSession } from './layers/layers.ts';
import { endSession } from './layers/undo.ts';
import { stopped, type MachineFile } from './record.ts';

/** Why a machine goes off, as its event says. */
export type OffCause = 'guest' | 'person' | 'schedule' | 'plan' | 'host-stop' | 'crash';

const offCauses: Readonly<Record<Actor['kind'], OffCause>> = {
  user: 'person',
  external: 'person',
  guest: 'guest',
  schedule: 'schedule',
  plan: 'plan',
  system: 'host-stop',
};

/** Who asked decides what the event says and whether the machine counts as running afterwards (VM-62). */
export function offCauseOf(hands: Hands): OffCause {
  return offCauses[hands.cause.actor.kind];
}

export async function turnOff(hands: Hands, undo?: UndoDecision): Promise<void> {
  const { running } = hands;
  const cause = offCauseOf(hands);
  hands.onEnd(() => {
    goOff(hands, cause, undo);
    return 'heard';
  });
  hands.enter('turning-off');
  if (running) await running.end();
  if (hands.file.state === 'turning-off') goOff(hands, cause, undo);
  await endSession(hands);
}

function goOff(hands: Hands, cause: OffCause, undo: UndoDecision | undefined): void {
  const { state, layers } = endOfSession(hands.file, undo);
  // A stop of the host keeps the memory of what ran (VM-62).
  const memory = cause === 'host-stop' ? {} : { wasRunning: false };
  hands.enter(state, { ...stopped, ...memory, layers });
  hands.emit('vm.state.powered-off', { cause });
}

export async function shutDown(
  hands: Hands,
  request: VmActionRequest,
  means: 'guest agent' | 'power button',
): Promise<void> {
  const { host } = hands;
  const running = present(hands.running, 'the process of a running machine');
  const { name, settings } = hands.file.definition;
  const limitSeconds = request.timeoutSeconds ?? settings.shutdown.timeoutSeconds;
  const cause = offCauseOf(hands);
  const beganMs = host.clock.now();
  hands.onEnd((ending) => endShutdown(hands, ending, cause, { beganMs, undo: request.undo }));
  hands.enter('shutting-down');
  try {
    if (means === 'guest agent') await running.requestShutdown(hands.signal);
    else await running.pressPowerButton(hands.signal);
    hands.emit('vm.shutdown.requested', { means });
    if ((await hands.untilEnded(limitSeconds * 1000)) === 'ended') {
      await endSession(hands);
      return;
    }
  } catch (error) {
    if (hands.running === undefined) {
      await endSession(hands);
      return;
    }
    hands.onEnd(undefined);
    hands.enter('running');
    throw toFault(error);
  }
  await afterTimeout(hands, request, limitSeconds, name);
}

function endShutdown(
  hands: Hands,
  ending: Ending,
  cause: OffCause,
  { beganMs, undo }: { readonly beganMs: number; readonly undo: UndoDecision | undefined },
): 'heard' | 'usual' {
  if (ending.kind === 'crash') return 'usual';
  hands.emit('vm.shutdown.completed', { durationMs: hands.host.clock.now() - beganMs });
  goOff(hands, cause, undo);
  return 'heard';
}

async function afterTimeout(
  hands: Hands,
  { onTimeout: next = 'fail', undo }: VmActionRequest,
  timeoutSeconds: number,
  name: string,
): Promise<void> {
  const words = {
    fail: 'it stays running',
    save: 'its state is saved',
    'turn-off': 'it is turned off',
  };
  hands.emit('vm.shutdown.timed-out', { timeoutSeconds, next: words[next] });
  hands.onEnd(undefined);
  if (next === 'turn-off') {
    await turnOff(hands, undo);
    return;
  }
  hands.enter('running');
  if (next === 'save') {
    await save(hands);
    return;
  }
  throw new Fault('timeout', `the guest of ${name} did not shut down within ${timeoutSeconds} s`, {
    hint: 'look at its screen, wait longer, or turn it off',
  });
}

export async function save(hands: Hands): Promise<void> {
  const { host } = hands;
  const { driver } = host;
  const running = present(hands.running, 'the process of a live machine');
  const { file } = hands;
  requireSavable(file);
  const ranBefore = file.state === 'running';
  const path = `${file.file.replace(/\.[^./]*$/, '')}.saved`;
  const beganMs = host.clock.now();
  hands.enter('saving', { ranBefore, savedFile: path, savedWith: file.startedWith });
  try {
    await hands.persist();
    await keepScreen(hands, running, path);
    const { sizeBytes } = await running.save(path, {
      signal: hands.signal,
      onProgress: (progress) => hands.progress(progress, 'writing the state'),
    });
    hands.onEnd(() => 'heard');
    const keeps = offCauseOf(hands) === 'host-stop';
    hands.enter('saved', keeps ? stopped : { ...stopped, wasRunning: false });
    await hands.persist();
    await running.end();
    hands.emit('vm.state.saved', { sizeBytes, durationMs: host.clock.now() - beganMs });
    await hands.persist();
  } catch (error) {
    await driver.storage.deleteSaved(path).catch(() => undefined);
    throw await failSave(hands, file, error);
  }
}

/** What lists show of it while it is saved. Without a picture it is saved all the same. */
async function keepScreen(hands: Hands, { console }: Running, path: string): Promise<void> {
  const { host, signal } = hands;
  if (!host.thumbnails || console.screenshot === undefined) return;
  try {
    await host.driver.storage.keepScreen(path, await console.screenshot(signal));
  } catch (error) {
    signal.throwIfAborted();
    host.log.debug({ why: describeFault(toFault(error)) }, 'no picture of the saved screen');
  }
}

/** Errors: `refused` naming a disk that others go on writing (DISK-62). */
function requireSavable({ definition, startedWith }: MachineFile): void {
  const { name, hardware } = startedWith ?? definition;
  const place = sharedPlace(hardware);
  if (place === undefined) return;
  throw new Fault(
    'refused',
    `cannot save the state of ${name}: it shares its disk at ${place}, which other vms go on writing`,
    { hint: 'shut it down, or pause it' },
  );
}

/** The machine goes on as it was (VM-85). */
async function failSave(hands: Hands, before: MachineFile, error: unknown): Promise<Fault> {
  const { host } = hands;
  hands.onEnd(undefined);
  const cause = toFault(error);
  const fault = new Fault(cause.code, `cannot save the state of ${hands.file.definition.name}`, {
    cause,
    facts: cause.facts,
    hint: cause.hint,
  });
  const reason = describeFault(fault);
  const lastFault = { at: isoTime(host.clock.now()), code: fault.code, message: reason };
  if (hands.running === undefined) {
    hands.set({ savedFile: null, savedWith: null, lastFault });
  } else {
    const { state, process, startedWith, startedAt, accelerator, forwards, held } = before;
    const { wasRunning } = before;
    const asBefore = { process, startedWith, startedAt, accelerator, forwards, held, wasRunning };
    hands.enter(state, { ...asBefore, savedFile: null, savedWith: null, lastFault });
  }
  hands.emit('vm.save-failed', { operation: 'save state', reason, state: hands.file.state });
  await hands.persist().catch(() => undefined);
  return fault;
}

/** The record first: a state that is half deleted must not be taken for one that can be restored. */
export async function discard(hands: Hands): Promise<void> {
  hands.set({ released: true });
  try {
    await hands.persist();
    await endDiscard(hands);
  } catch (error) {
    hands.set({ released: false });
    throw error;
  }
}

/** The end of a state that is given up: also of one whose end an agent before this one began. */
export async function endDiscard(hands: Hands): Promise<void> {
  const path = present(hands.file.savedFile, 'the saved state of a saved machine');
  await hands.host.driver.storage.deleteSaved(path);
  hands.enter('off', { ...stopped, savedFile: null, savedWith: null, released: false });
  hands.emit('vm.state.discarded', {});
  await hands.persist();
}
