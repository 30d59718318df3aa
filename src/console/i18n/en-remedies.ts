/**
 * English: what would make a reason go away, by its code, where the API's own words name a command that nobody types here. Only of
 * codes whose remedy is the same wherever they are given.
 */
export const englishRemedies: Readonly<Record<string, string>> = {
  'account-powerful':
    'choose another account, or none: the vm then has one of its own; or confirm it in the settings of the vm',
  'adapter-reserved':
    'name another adapter, or change what this one is for, under adapters of the host',
  'address-not-static': 'make the address of the adapter a static one',
  'address-not-unique': 'give the adapter a new address',
  'addresses-may-be-forged': 'do not let guests of the network use addresses of others',
  'configuration-invalid': 'mend the file, or have it written anew by any change of the settings',
  'duplicate-mac': 'another device has it: give the adapter a new address',
  'export-linked': 'convert it into a disk of its own first',
  'export-running': 'shut it down first',
  'file-used': 'detach it from the other vm, or make that one independent',
  'folder-shared': 'move the files of one of them elsewhere first',
  'host-not-ready': 'look at the checks of the host',
  'linked-disk': 'convert it first, or detach it',
  'mac-in-use': 'give it a new address',
  'mac-taken': 'choose whether it is kept or made anew',
  'medium-stays': 'eject it first',
  'no-agent': 'join that computer with an agent of its own',
  'not-unpacked': 'to see it before, unpack it on the host',
  paused: 'save its state first',
  'peer-without-address': 'set its address for networks across hosts, in its settings',
  'port-stays': 'lead it elsewhere first, in the configuration of the vm',
  'raw-device': 'detach it first',
  'saved-state': 'resume it and shut it down first, or go on without its saved state',
  'several-adapters': 'keep one of them',
  'shared-disk': 'detach it first',
  'shared-folder': 'take it away first',
  snapshots: 'delete them first',
  'span-without-address': 'set the address for networks across hosts, in the settings of the host',
  'undo-disks': 'decide what becomes of them: taken over, or left out',
};
