/** What keeps the process: pause, resume, release, reset, NMI, reboot; and restart, which makes a new one. */
import { lowSpaceRule, type VmActionRequest } from '#api';
import { present } from '#lib';
import type { Hands } from './hands.ts';
import { stopped } from './record.ts';
import { requireSpace } from './space.ts';
import { turnOn, type StartOptions } from './start.ts';
import { offCauseOf } from './stop.ts';

function processOf(hands: Hands): NonNullable<Hands['running']> {
  return present(hands.running, 'the process of a live machine');
}

export async function pause(hands: Hands): Promise<void> {
  await processOf(hands).pause(hands.signal);
  hands.enter('paused');
  hands.emit('vm.state.suspended', {});
  await hands.persist();
}

export async function resume(hands: Hands, { force }: VmActionRequest = {}): Promise<void> {
  if (!force) await requireSpace(hands);
  const { noSpace } = hands.file;
  hands.enter('resuming');
  try {
    await processOf(hands).resume(hands.signal);
  } catch (error) {
    if (hands.running !== undefined) hands.enter('paused');
    throw error;
  }
  hands.enter('running', {
    ...(noSpace === null ? {} : { lastFault: null }),
    noSpace: force && noSpace !== null ? { ...noSpace, forced: true } : null,
  });
  hands.emit('vm.state.resumed', {});
  await hands.persist();
}

/** What a full volume had paused goes on, where that is the rule; what somebody had forced needs no more force. */
export async function resumeWithSpace(hands: Hands): Promise<void> {
  const { noSpace, state } = hands.file;
  if (noSpace === null) return;
  const rule = lowSpaceRule(hands.host.settings.lowSpace, noSpace.volume);
  if (noSpace.forced) hands.set({ noSpace: null });
  else if (state === 'paused' && rule.resume === 'automatic') await resume(hands);
}

export async function release(hands: Hands): Promise<void> {
  await processOf(hands).resume(hands.signal);
  hands.enter('running', { held: false });
  hands.emit('vm.state.released', {});
  await hands.persist();
}

/** A reset guest begins anew, so a paused one stays paused at its first instruction. */
export async function reset(hands: Hands): Promise<void> {
  const before = hands.file.state;
  hands.enter('resetting');
  try {
    await processOf(hands).reset(hands.signal);
  } finally {
    if (hands.running !== undefined) hands.enter(before);
  }
  hands.emit('vm.state.reset', { cause: resetCause(hands), how: 'reset' });
  await hands.persist();
}

/** What the guest makes of it is its own affair; one that is paused meets it when it goes on. */
export async function injectNmi(hands: Hands): Promise<void> {
  await processOf(hands).injectNmi(hands.signal);
  hands.emit('vm.nmi.injected', {});
}

/** The guest restarts by itself; how long it takes is its own affair. */
export async function reboot(hands: Hands): Promise<void> {
  await processOf(hands).requestReboot(hands.signal);
  hands.emit('vm.state.reset', { cause: resetCause(hands), how: 'reboot' });
}

/** A new process, with what was pending (VM-41). The checks come first, while the old one still runs. */
export async function restart(hands: Hands, options: StartOptions): Promise<void> {
  const running = processOf(hands);
  hands.onEnd(() => {
    hands.enter('off', stopped);
    return 'heard';
  });
  hands.enter('turning-off');
  await running.end();
  await hands.persist();
  hands.onEnd(undefined);
  await turnOn(hands, options);
  hands.emit('vm.state.reset', { cause: resetCause(hands), how: 'restart' });
}

function resetCause(hands: Hands): string {
  return offCauseOf(hands) === 'host-stop' ? 'failure' : 'person';
}
