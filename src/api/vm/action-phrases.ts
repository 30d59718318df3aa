/** What is done to a vm, in the words of a sentence. */
import { vmActionFacts, type VmAction } from './actions.ts';

/** What stands before the name of the vm, where the label in lower case does not. */
const phrases: Readonly<Partial<Record<VmAction, string>>> = {
  hold: 'start and hold',
  release: 'release',
  save: 'save the state of',
  restore: 'restore the saved state of',
  discard: 'discard the saved state of',
  shutdown: 'shut down the guest of',
  'power-button': 'press the power button of',
  reboot: 'restart the guest of',
  nmi: 'inject an NMI into',
  restart: 'restart',
  'update-additions': 'update the guest additions of',
  'commit-undo': 'commit the undo disks of',
  'discard-undo': 'discard the undo disks of',
  'take-snapshot': 'take a snapshot of',
  'revert-snapshot': 'revert to a snapshot of',
  'delete-snapshot': 'delete a snapshot of',
  'clone-snapshot': 'clone a snapshot of',
  flatten: 'flatten the disks of',
  'make-template': 'make a template of',
  'end-template': 'make an ordinary vm of',
  relocate: 'move the files of',
  'move-disk': 'move a disk of',
  migrate: 'move',
  'give-back': 'give back',
  configure: 'change the settings of',
  'insert-media': 'insert or eject media of',
  'change-disks': 'attach or detach disks of',
  screen: 'open the screen of',
  serial: 'open the serial console of',
  screenshot: 'take a picture of the screen of',
  type: 'type text into',
};

/** `flatten the disks of web-1`. */
export function describeAct(action: VmAction, vmName: string): string {
  return `${phrases[action] ?? vmActionFacts(action).label.toLowerCase()} ${vmName}`;
}
