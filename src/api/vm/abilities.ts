/** What a host's driver may or may not be able to do; what it lacks it tells with the reason (VM-54). */
export const abilities = [
  'start',
  'hold',
  'pause',
  'save',
  'reset',
  'nmi',
  'acpi-shutdown',
  'guest-agent',
  'additions-update',
  'screen',
  'serial',
  'screenshot',
  'keyboard',
  'media-change',
  'disk-hotplug',
  'adapter-hotplug',
  'processor-hotplug',
  'memory-hotplug',
  'undo-disks',
  'snapshot',
  'tpm',
  'uefi',
  'acceleration3d',
  'networks',
  'file-copy',
  /** To move while it is off or saved, to another folder or another host. */
  'move',
  /** To copy vms with their disks, or linked to them. */
  'clone',
  /** To move to another host as it runs. */
  'migrate',
  /** To be given to an agent of the same computer, with its disks where they are. */
  'adopt',
  /** To make vms and to delete their files. */
  'create',
  'configure',
] as const;
export type Ability = (typeof abilities)[number];
