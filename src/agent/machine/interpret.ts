/**
 * What an observation of a driver means for a machine. Pure: observation in, consequence out.
 *
 * While work is under way (`busy`) that work knows why execution stops and goes on; such observations
 * then change nothing.
 */
import { dirname, resolve } from 'node:path';
import {
  crashCode,
  placeName,
  type Cause,
  type EventAttributes,
  type EventName,
  type VmState,
} from '#api';
import type { Ending, Observation } from '../drivers/driver.ts';
import { externalCause, guestCause, systemCause } from './causes.ts';
import type { Patch } from './hands.ts';
import { endOfSession, topOf } from './layers/layers.ts';
import { stopped, type MachineFile } from './record.ts';

export interface ToldEvent<N extends EventName = EventName> {
  readonly name: N;
  readonly attributes: EventAttributes<N>;
  readonly cause: Cause;
}

export interface Consequence {
  readonly state?: VmState;
  readonly patch?: Patch;
  readonly events?: readonly ToldEvent[];
  /** A failure to which the vm's settings may react, in words. */
  readonly reactTo?: string;
}

const nothing: Consequence = {};

function tell<N extends EventName>(
  name: N,
  attributes: EventAttributes<N>,
  cause: Cause = systemCause,
): ToldEvent {
  return { name, attributes, cause };
}

/** Where the file lies that the disk writes to. */
function folderOf(file: MachineFile, device: string): string {
  const disk = file.definition.hardware.disks.find((one) => placeName(one) === device);
  return disk === undefined
    ? file.folder
    : dirname(resolve(file.folder, topOf(file.layers, disk).file));
}

/** The end of a process that nobody here asked for. */
export function interpretEnd(file: MachineFile, ending: Ending): Consequence {
  const { state, layers } = endOfSession(file);
  const base = { state, patch: { ...stopped, layers } };
  switch (ending.kind) {
    case 'guest':
      return {
        state,
        patch: { ...stopped, layers, wasRunning: false },
        events: [tell('vm.state.powered-off', { cause: 'guest' }, guestCause)],
      };
    case 'agent':
      return { ...base, events: [tell('vm.state.powered-off', { cause: 'person' })] };
    case 'external':
      return {
        ...base,
        events: [tell('vm.state.powered-off', { cause: 'person' }, externalCause)],
      };
    case 'crash': {
      const { detail: reason, log } = ending;
      const lastFault = {
        at: file.since,
        code: crashCode,
        message: `the process ended: ${reason}`,
      };
      // Nobody has switched it off: undo disks stay, whatever the setting.
      return {
        state: 'off',
        patch: { ...stopped, lastFault },
        events: [
          tell('vm.crashed', { reason, log }),
          tell('vm.state.powered-off', { cause: 'crash' }),
        ],
        reactTo: reason,
      };
    }
  }
}

export function interpret(
  file: MachineFile,
  seen: Exclude<Observation, { readonly kind: 'ended' }>,
  activity: 'busy' | 'idle',
): Consequence {
  switch (seen.kind) {
    case 'paused':
      if (activity === 'busy' || file.state !== 'running') return nothing;
      return { state: 'paused', events: [tell('vm.state.suspended', {}, externalCause)] };
    case 'resumed':
      if (activity === 'busy' || file.state !== 'paused') return nothing;
      return {
        state: 'running',
        patch: { held: false },
        events: [tell('vm.state.resumed', {}, externalCause)],
      };
    case 'reset':
      if (seen.by === 'host') {
        if (activity === 'busy') return nothing;
        return {
          events: [tell('vm.state.reset', { cause: 'person', how: 'reset' }, externalCause)],
        };
      }
      return { events: [tell('vm.state.reset', { cause: 'guest', how: 'reboot' }, guestCause)] };
    case 'guest-error':
      return { events: [tell('vm.guest-error', { reason: seen.reason })], reactTo: seen.reason };
    case 'disk-error': {
      const { device, operation, reason } = seen;
      const events = [tell('vm.disk-error', { device, operation, reason })];
      // Also while it is busy: with what leaves it running, such as the merge of layers.
      if (!seen.paused || file.state !== 'running') return { events };
      const full = /no space|quota/i.test(reason);
      const noSpace = full ? { volume: folderOf(file, device), forced: false } : null;
      return { state: 'paused', patch: { noSpace }, events };
    }
    case 'clock':
      return { patch: { clockOffsetSeconds: seen.offsetSeconds } };
    case 'tray':
      if (!seen.open) return nothing;
      return { events: [tell('vm.media.ejected', { drive: seen.drive }, guestCause)] };
    case 'device-removed':
      return {
        events: [tell('vm.device.removed', { device: seen.device, live: true }, guestCause)],
      };
    case 'device-lost': {
      const { device, hostPath } = seen;
      return { events: [tell('vm.device-not-available', { device, hostPath })] };
    }
    case 'heartbeat':
      return interpretHeartbeat(seen);
    case 'additions-heard':
      return { patch: { additionsHeard: true } };
    case 'additions-outdated': {
      const { installed, shipped } = seen;
      return { events: [tell('vm.additions.outdated', { installed, shipped })] };
    }
    case 'thawed': {
      const { fileSystems } = seen;
      return { events: [tell('vm.file-systems.thawed', { fileSystems })] };
    }
    case 'sampled':
      return nothing;
    case 'clock-corrected':
      return { events: [tell('vm.clock.corrected', { offsetMs: seen.offsetMs })] };
  }
}

function interpretHeartbeat(seen: Extract<Observation, { kind: 'heartbeat' }>): Consequence {
  const { lastAt, missed } = seen;
  if (seen.good) return { events: [tell('vm.heartbeat.regained', { lastAt })] };
  return {
    events: [tell('vm.heartbeat.lost', { lastAt, missed })],
    reactTo: 'the guest shows no sign of life',
  };
}
