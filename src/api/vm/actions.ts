/**
 * What may be done with a vm in which state: the one table (VM-48) that coordinator, console, CLI,
 * scheduler and gateway read. Whether one of them is possible now says `judgeAction` (judge-action.ts); words of
 * other products stand in action-words.ts.
 */
import type { Verb } from '../rights.ts';
import type { Ability } from './abilities.ts';
import type { VmState } from './state.ts';

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
  nmi: {
    label: 'Inject NMI',
    from: live,
    right: 'vm.power',
    ability: 'nmi',
    confirm: 'a guest that is set up to write down its memory then does so and ends',
    meaning: 'interrupt the guest as the button on the board of a server does, to see why it hangs',
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
    from: ['off', 'saved', 'running', 'paused'],
    right: 'vm.clone',
    ability: 'clone',
    meaning:
      'copy the vm with its disks, while it runs as they are at that moment; the state of a paused or saved vm comes along',
  },
  'clone-snapshot': {
    label: 'Clone from a snapshot',
    from: ['off', 'saved', 'running', 'paused'],
    right: 'vm.clone',
    ability: 'clone',
    meaning: 'copy the vm as it was when a snapshot was taken, or link the copy to that',
  },
  flatten: {
    label: 'Flatten disks',
    from: ['off', ...live],
    right: 'vm.disks',
    ability: 'clone',
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
    ability: 'move',
    meaning:
      'move the files to another folder of the host, or with them to another host; a saved state comes along',
  },
  'move-disk': {
    label: 'Move disk',
    from: ['off', 'saved', 'running', 'paused'],
    right: 'vm.move',
    ability: 'configure',
    meaning: 'move the file of a disk to another folder of the host, while the guest works',
  },
  migrate: {
    label: 'Move as it runs',
    from: ['off', 'running', 'paused'],
    right: 'vm.move',
    ability: 'migrate',
    meaning:
      'move to another host without being stopped; with its disks, or on storage of both libvirt hosts',
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
  'nmi',
  'restart',
  'update-additions',
  'commit-undo',
  'discard-undo',
] as const satisfies readonly VmAction[];
export type PowerAction = (typeof powerActions)[number];
