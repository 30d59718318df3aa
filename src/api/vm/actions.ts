/**
 * What may be done with a vm in which state: the one table (VM-48) that coordinator, console, CLI,
 * scheduler and gateway read. `judgeAction` is its only reader. It is one file because it is one table.
 *
 * Words of other products map to these actions in `actionWords` (VM-40, VM-44, VM-45).
 */
import type { Verb } from '../rights.ts';
import type { Ability } from './abilities.ts';
import { actionHints, consolesOffReasons } from './action-hints.ts';
import {
  chooseShutdown,
  mayAskGuest,
  type AdditionsState,
  type GuestRequests,
} from './additions.ts';
import { vmStateFacts, type VmState } from './state.ts';

interface ActionFacts {
  readonly label: string;
  /** States in which it does something. */
  readonly from: readonly VmState[];
  /** The stable state after it, where it leads to one; asking for it there again is ignored, not an error. */
  readonly to?: VmState;
  readonly right: Verb;
  /** What the driver must be able to do (an ability of the host), if not every driver is. */
  readonly ability?: Ability;
  /** Needs guest additions that answer; the text says what to do without (GA-18). */
  readonly withoutAdditions?: string;
  /** Works while the host is away. */
  readonly needsNoHost?: true;
  /** Ends or disturbs the guest's work, so people are asked first. */
  readonly confirm?: string;
  readonly meaning: string;
}

const live: readonly VmState[] = ['running', 'paused'];
const anyLive: readonly VmState[] = [
  'starting',
  'restoring',
  'running',
  'paused',
  'saving',
  'resuming',
  'shutting-down',
  'resetting',
  'turning-off',
];

export const vmActions = {
  'turn-on': {
    label: 'Turn on',
    from: ['off'],
    to: 'running',
    right: 'vm.power',
    ability: 'start',
    meaning: 'start from power-on',
  },
  hold: {
    label: 'Power on hold',
    from: ['off'],
    right: 'vm.power',
    ability: 'hold',
    meaning: 'start, held before the first instruction',
  },
  release: {
    label: 'Power on release',
    from: ['paused'],
    right: 'vm.power',
    ability: 'hold',
    meaning: 'let a held vm run',
  },
  pause: {
    label: 'Pause',
    from: ['running'],
    to: 'paused',
    right: 'vm.power',
    ability: 'pause',
    meaning: 'stop execution, keep the memory',
  },
  resume: {
    label: 'Resume',
    from: ['paused'],
    to: 'running',
    right: 'vm.power',
    ability: 'pause',
    meaning: 'continue where it stopped',
  },
  save: {
    label: 'Save state',
    from: live,
    to: 'saved',
    right: 'vm.power',
    ability: 'save',
    meaning: 'write memory and devices to a file and stop',
  },
  restore: {
    label: 'Restore saved state',
    from: ['saved'],
    to: 'running',
    right: 'vm.power',
    ability: 'save',
    meaning: 'bring back exactly the saved state, once: it is used up by that',
  },
  discard: {
    label: 'Discard saved state',
    from: ['saved'],
    to: 'off',
    right: 'vm.power',
    ability: 'save',
    confirm: 'the saved state is lost',
    meaning: 'delete the saved state; the vm is off',
  },
  shutdown: {
    label: 'Shut down guest',
    from: ['running'],
    to: 'off',
    right: 'vm.power',
    ability: 'guest-agent',
    withoutAdditions: 'install the guest additions, or press the power button',
    meaning: 'let the guest shut down cleanly, through its guest additions',
  },
  'power-button': {
    label: 'Press power button',
    from: ['running'],
    to: 'off',
    right: 'vm.power',
    ability: 'acpi-shutdown',
    meaning: 'ask the guest to shut down, by the ACPI power button; it may ignore it',
  },
  reboot: {
    label: 'Restart guest',
    from: ['running'],
    right: 'vm.power',
    ability: 'guest-agent',
    withoutAdditions: 'install the guest additions, or use reset',
    meaning: 'let the guest restart cleanly',
  },
  'turn-off': {
    label: 'Turn off',
    from: anyLive,
    to: 'off',
    right: 'vm.power',
    ability: 'start',
    confirm: 'like pulling the plug: unsaved data is lost',
    meaning: 'remove power at once',
  },
  reset: {
    label: 'Reset',
    from: live,
    right: 'vm.power',
    ability: 'reset',
    confirm: 'like the reset button: unsaved data is lost',
    meaning: 'restart in place, same process',
  },
  restart: {
    label: 'Restart now',
    from: live,
    right: 'vm.power',
    ability: 'start',
    confirm: 'turned off and on: unsaved data is lost',
    meaning: 'turn off, then turn on with pending changes',
  },
  'update-additions': {
    label: 'Update guest additions',
    from: ['running'],
    right: 'vm.guest',
    ability: 'additions-update',
    withoutAdditions: 'insert the additions CD and run its install.sh in the guest',
    meaning: 'install the guest additions of the host in the guest, through its guest agent',
  },
  'commit-undo': {
    label: 'Commit undo disks',
    from: ['off'],
    right: 'vm.power',
    ability: 'undo-disks',
    confirm: 'what the undo disks hold becomes part of the disks for good',
    meaning: 'write what the undo disks hold into the disks',
  },
  'discard-undo': {
    label: 'Discard undo disks',
    from: ['off'],
    right: 'vm.power',
    ability: 'undo-disks',
    confirm: 'everything written since the session began is lost',
    meaning: 'delete the undo disks; the disks are as before the session',
  },
  'take-snapshot': {
    label: 'Take snapshot',
    from: ['off', 'running', 'paused'],
    right: 'vm.snapshot',
    ability: 'snapshot',
    meaning: 'keep disks and hardware, and memory if wanted, as they are now under a name',
  },
  'revert-snapshot': {
    label: 'Revert to snapshot',
    from: ['off', 'running', 'paused', 'saved'],
    right: 'vm.snapshot',
    ability: 'snapshot',
    confirm: 'the present content of its disks and memory and its hardware settings are lost',
    meaning:
      'make disks and hardware what they were when the snapshot was taken; with memory it goes on there, else the vm is off',
  },
  'delete-snapshot': {
    label: 'Delete snapshot',
    from: ['off', 'running', 'paused'],
    right: 'vm.snapshot',
    ability: 'snapshot',
    confirm: 'the vm can no longer be taken back to it',
    meaning: 'delete a snapshot; the present and all other snapshots stay as they are',
  },
  remove: {
    label: 'Remove',
    // A vm whose host is gone for good can still be taken out.
    from: ['off', 'saved', 'unknown'],
    right: 'vm.remove',
    needsNoHost: true,
    meaning: 'take it out of Gantry, files unchanged',
  },
  delete: {
    label: 'Delete',
    from: ['off'],
    right: 'vm.delete',
    ability: 'create',
    confirm: 'its files are deleted',
    meaning: 'delete the vm and its files',
  },
  clone: {
    label: 'Clone',
    from: ['off', 'saved', 'paused'],
    right: 'vm.clone',
    ability: 'file-copy',
    meaning: 'copy the vm with its disks; the state of a paused or saved vm comes along',
  },
  'clone-snapshot': {
    label: 'Clone from a snapshot',
    from: ['off', 'saved', 'running', 'paused'],
    right: 'vm.clone',
    ability: 'file-copy',
    meaning: 'copy the vm as it was when a snapshot was taken, or link the copy to that',
  },
  flatten: {
    label: 'Flatten disks',
    from: ['off'],
    right: 'vm.disks',
    ability: 'file-copy',
    meaning: 'make a linked clone independent: its disks no longer share files with other vms',
  },
  'make-template': {
    label: 'Make template',
    from: ['off'],
    right: 'vm.settings',
    ability: 'file-copy',
    confirm:
      'it can no longer be started or changed, only cloned, until it is an ordinary vm again',
    meaning: 'keep the vm as it is, write-protected, to be cloned from, and no longer started',
  },
  'end-template': {
    label: 'Make ordinary vm',
    from: ['off'],
    right: 'vm.settings',
    ability: 'file-copy',
    meaning: 'make a template a vm that can be started and changed again',
  },
  relocate: {
    label: 'Move',
    from: ['off', 'saved', 'paused'],
    right: 'vm.move',
    ability: 'file-copy',
    meaning:
      'move the files to another folder of the host, or with them to another host; the state comes along',
  },
  migrate: {
    label: 'Move as it runs',
    from: ['off', 'running', 'paused'],
    right: 'vm.move',
    ability: 'migrate',
    meaning: 'move to another host without being stopped, with its disks or on storage of both',
  },
  adopt: {
    label: 'Adopt',
    from: ['off'],
    right: 'vm.move',
    ability: 'adopt',
    meaning: 'let an agent of the same computer run it, with its disks where they are',
  },
  'give-back': {
    label: 'Give back',
    from: ['off'],
    right: 'vm.move',
    meaning: 'give an adopted vm back to its hypervisor',
  },
  rename: {
    label: 'Rename',
    from: ['off', 'saved', 'running', 'paused'],
    right: 'vm.settings',
    meaning: 'change the name',
  },
  configure: {
    label: 'Change settings',
    from: ['off', 'running', 'paused'],
    right: 'vm.settings',
    ability: 'configure',
    meaning: 'change settings; hardware of a running vm at the next start unless it can be live',
  },
  'insert-media': {
    label: 'Insert or eject media',
    from: ['off', 'running', 'paused'],
    right: 'vm.media',
    ability: 'media-change',
    meaning: 'change what is in a CD or floppy drive',
  },
  'change-disks': {
    label: 'Attach or detach disks',
    from: ['off', 'running', 'paused'],
    right: 'vm.disks',
    ability: 'configure',
    meaning: 'change the disks',
  },
  screen: {
    label: 'Remote control',
    from: anyLive,
    right: 'vm.console',
    ability: 'screen',
    meaning: 'see the screen, use keyboard and mouse',
  },
  serial: {
    label: 'Serial console',
    from: anyLive,
    right: 'vm.console',
    ability: 'serial',
    meaning: 'use the serial port',
  },
  screenshot: {
    label: 'Screenshot',
    from: [...live, 'saved'],
    right: 'vm.console',
    ability: 'screenshot',
    meaning: 'a picture of the screen; of a saved vm the last one',
  },
  type: {
    label: 'Type text',
    from: ['running'],
    right: 'vm.console',
    ability: 'keyboard',
    meaning: 'type text or press keys',
  },
} as const satisfies Record<string, ActionFacts>;

export type VmAction = keyof typeof vmActions;

const factsOf: Readonly<Record<VmAction, ActionFacts>> = vmActions;

export function vmActionFacts(action: VmAction): ActionFacts {
  return factsOf[action];
}

/** Actions that run through the vm's loop on its host, by `POST /vms/{vm}/actions/{action}`. */
export const powerActions = [
  'turn-on',
  'hold',
  'release',
  'pause',
  'resume',
  'save',
  'restore',
  'discard',
  'shutdown',
  'power-button',
  'reboot',
  'turn-off',
  'reset',
  'restart',
  'update-additions',
  'commit-undo',
  'discard-undo',
] as const satisfies readonly VmAction[];
export type PowerAction = (typeof powerActions)[number];

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
  'remove',
  'delete',
]);
const startActions: ReadonlySet<VmAction> = new Set(['turn-on', 'hold', 'restore', 'restart']);

/** Take, ignore (it is so already) or refuse with the reason and what would help. Pure. */
export function judgeAction(action: VmAction, vm: Judged): Judgement {
  const facts = factsOf[action];
  const missing = facts.ability === undefined ? undefined : vm.missing[facts.ability];
  if (missing !== undefined) return { answer: 'refuse', why: missing };
  if (action === 'give-back' && vm.adopted !== true) return { answer: 'refuse', why: neverAdopted };
  if (vm.departing !== undefined) {
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
    return { answer: 'ignore', why: `${vm.name} is not a template` };
  if (vm.template === true && !templateActions.has(action)) {
    return {
      answer: 'refuse',
      why: `${vm.name} is a template`,
      hint: 'clone it, or make it an ordinary vm again with: gantry vm template NAME --end',
    };
  }
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
  if (facts.to === vm.state && !facts.from.includes(vm.state)) {
    return { answer: 'ignore', why: `${vm.name} is ${vm.state} already` };
  }
  if (!facts.from.includes(vm.state)) {
    const hint = actionHints[`${vm.state} ${action}`];
    const why = `${vm.name} is ${vmStateFacts[vm.state].label.toLowerCase()}`;
    return hint === undefined ? { answer: 'refuse', why } : { answer: 'refuse', why, hint };
  }
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

/**
 * Words of other vocabularies, accepted everywhere (VM-40: IBM Director's menu; VM-44: its event
 * actions; VM-45: the management pack's tasks; and what Proxmox, virsh and others say).
 */
const words: Readonly<Record<string, PowerAction>> = {
  'power-on': 'turn-on',
  'power-off-now': 'turn-off',
  suspend: 'pause',
  'shutdown-and-power-off': 'shutdown',
  'shutdown-and-turn-off': 'shutdown',
  'turn-off-now': 'turn-off',
  'restart-now': 'restart',
  'power-on-hold': 'hold',
  'power-on-release': 'release',
  'save-state': 'save',
  'restore-saved-state': 'restore',
  'discard-saved-state': 'discard',
  'shut-down-guest': 'shutdown',
  'press-power-button': 'power-button',
  unpause: 'resume',
};

const stopActions = {
  save: () => 'save',
  shutdown: chooseShutdown,
  off: () => 'turn-off',
} as const satisfies Record<string, (additions: AdditionsState) => PowerAction>;

/** All words that stand for an action, in the order of help. */
export const actionWords: readonly string[] = [
  ...powerActions,
  'start',
  'stop',
  ...Object.keys(words),
];

/**
 * The action a word stands for. `start` restores a saved vm and turns on any other; `stop` is the vm's
 * configured stop action (VM-45), and a shutdown presses the power button of a guest that cannot be asked
 * otherwise. Undefined where the word is unknown.
 */
export function actionOfWord(
  word: string,
  vm: {
    readonly state: VmState;
    readonly additions: AdditionsState;
    readonly onHostStop: 'save' | 'shutdown' | 'off';
  },
): PowerAction | undefined {
  if (word === 'start') return vm.state === 'saved' ? 'restore' : 'turn-on';
  if (word === 'stop') return stopActions[vm.onHostStop](vm.additions);
  return (
    powerActions.find((action) => action === word) ??
    (Object.hasOwn(words, word) ? words[word] : undefined)
  );
}
