/** Whether something can be done with a vm now, by the table of actions (VM-48): take, ignore, or refuse with the reason. */
import type { Ability } from './abilities.ts';
import { actionHints, consolesOffReasons } from './action-hints.ts';
import { vmActionFacts, type VmAction } from './actions.ts';
import { mayAskGuest, type AdditionsState, type GuestRequests } from './additions.ts';
import { vmStateFacts, type VmState } from './state.ts';

/** What the judge needs to know of a vm. */
export interface Judged {
  readonly name: string;
  readonly state: VmState;
  /** Started by "power on hold" and not yet released (VM-42). */
  readonly held: boolean;
  readonly additions: AdditionsState;
  /** Whether there are undo disks. */
  readonly undo: 'none' | 'there';
  /** Abilities of the host's driver; those missing carry the driver's reason (VM-54). */
  readonly missing: Readonly<Partial<Record<Ability, string>>>;
  readonly hostReachable: boolean;
  /** Who asks its guest to shut down and restart; default: its additions. */
  readonly guestRequests?: GuestRequests | undefined;
  /** What has switched the consoles off, where something has: the vm or its host. */
  readonly consolesOff?: 'vm' | 'host' | undefined;
  /** Place of a linked disk, with which no vm starts (VM-68). */
  readonly linkedDisk?: string | undefined;
  /** Place of a disk that other vms write as well: a saved state would not fit it later (DISK-62). */
  readonly sharedDisk?: string | undefined;
  /** Whether it is another hypervisor's, to which it can be given back (docs/rfd/0034). */
  readonly adopted?: boolean | undefined;
  /** Of one that was adopted: which of both has it is not known, and `give-back` is what settles that. */
  readonly unsettled?: boolean | undefined;
  /** It is there to be cloned (docs/rfd/0035). */
  readonly template?: boolean | undefined;
  /** The host that it is on its way to: whatever changes it here would be lost. */
  readonly departing?: string | undefined;
}

export type Judgement =
  | { readonly answer: 'take' }
  | { readonly answer: 'ignore'; readonly why: string }
  | { readonly answer: 'refuse'; readonly why: string; readonly hint?: string };

/** Of a vm that is nobody else's. */
export const neverAdopted = 'no hypervisor of others has had it';

/** What leaves the files of a template, and what its clones are like, as they are. */
const templateActions: ReadonlySet<VmAction> = new Set([
  'clone',
  'clone-snapshot',
  'end-template',
  'rename',
  'relocate',
  'move-disk',
  'remove',
  'delete',
]);
/** What changes nothing of a vm that is on its way to another host: its guest may be at work meanwhile. */
const watchActions: ReadonlySet<VmAction> = new Set(['screen', 'serial', 'screenshot', 'type']);
const startActions: ReadonlySet<VmAction> = new Set(['turn-on', 'hold', 'restore', 'restart']);

/** Take, ignore (it is so already) or refuse with the reason and what would help. Pure. */
export function judgeAction(action: VmAction, vm: Judged): Judgement {
  const facts = vmActionFacts(action);
  const missing = facts.ability === undefined ? undefined : vm.missing[facts.ability];
  if (missing !== undefined) return { answer: 'refuse', why: missing };
  if (action === 'give-back' && vm.adopted !== true) return { answer: 'refuse', why: neverAdopted };
  if (vm.departing !== undefined && !watchActions.has(action)) {
    return {
      answer: 'refuse',
      why: `${vm.name} is being moved to host ${vm.departing}`,
      hint: 'wait for the operation that moves it, or cancel it',
    };
  }
  if (!vm.hostReachable && !facts.needsNoHost) {
    return {
      answer: 'refuse',
      why: `the host of ${vm.name} does not answer`,
      hint: 'look at the host with: gantry host show',
    };
  }
  if (action === 'make-template' && vm.template === true)
    return { answer: 'ignore', why: `${vm.name} is a template already` };
  if (action === 'end-template' && vm.template !== true)
    return { answer: 'refuse', why: `${vm.name} is not a template` };
  if (vm.template === true && !templateActions.has(action)) {
    return {
      answer: 'refuse',
      why: `${vm.name} is a template`,
      hint: `clone it, or make it an ordinary vm again with: gantry vm template ${vm.name} --end`,
    };
  }
  if (action === 'give-back' && vm.unsettled === true && vm.state === 'unknown')
    return { answer: 'take' };
  if (facts.right === 'vm.console' && vm.consolesOff !== undefined)
    return { answer: 'refuse', ...consolesOffReasons[vm.consolesOff] };
  if (action === 'release' && vm.state === 'running')
    return { answer: 'ignore', why: `${vm.name} is running already` };
  if (action === 'release' && vm.state === 'paused' && !vm.held) {
    return { answer: 'refuse', why: `${vm.name} is paused, not held`, hint: 'resume it' };
  }
  if (action === 'resume' && vm.held && vm.state === 'paused') {
    return {
      answer: 'refuse',
      why: `${vm.name} is held before its first instruction`,
      hint: 'release it',
    };
  }
  const from: readonly VmState[] = facts.from;
  if (facts.to === vm.state && !from.includes(vm.state)) {
    return { answer: 'ignore', why: `${vm.name} is ${vm.state} already` };
  }
  if (!from.includes(vm.state)) {
    const hint = actionHints[`${vm.state} ${action}`];
    const why = `${vm.name} is ${vmStateFacts[vm.state].label.toLowerCase()}`;
    return hint === undefined ? { answer: 'refuse', why } : { answer: 'refuse', why, hint };
  }
  // What its disks hold at one moment is kept by a snapshot.
  if (action === 'clone' && vm.state === 'running' && vm.missing.snapshot !== undefined)
    return refuseRunning(vm.missing.snapshot);
  if (vm.undo === 'none' && (action === 'commit-undo' || action === 'discard-undo'))
    return { answer: 'ignore', why: `${vm.name} has no undo disks` };
  if (vm.linkedDisk !== undefined && startActions.has(action)) {
    return {
      answer: 'refuse',
      why: `${vm.name} has a linked disk at ${vm.linkedDisk}, which serves only for conversion`,
      hint: 'convert it with: gantry vm convert-disk, or detach it',
    };
  }
  if (vm.sharedDisk !== undefined && action === 'save') {
    return {
      answer: 'refuse',
      why: `${vm.name} shares its disk at ${vm.sharedDisk}, which other vms go on writing`,
      hint: 'shut it down, or pause it',
    };
  }
  if (facts.withoutAdditions !== undefined && !mayAskGuest(vm.additions, vm.guestRequests)) {
    const why =
      vm.additions === 'none'
        ? `no guest additions have answered in ${vm.name} since it started`
        : `the guest additions in ${vm.name} do not answer`;
    return { answer: 'refuse', why, hint: facts.withoutAdditions };
  }
  return { answer: 'take' };
}

function refuseRunning(why: string): Judgement {
  const hint = actionHints['running clone'];
  return hint === undefined ? { answer: 'refuse', why } : { answer: 'refuse', why, hint };
}
