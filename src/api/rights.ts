/**
 * The rights model of the SEC area. A right is a verb; a role is a set of verbs; a grant gives a role
 * to a user or group on an object and all below it; a denial wins (SEC-38). The three levels of the
 * source (create, reconfigure, use) are roles and independent of each other (SEC-34).
 */
export const verbs = {
  'vm.view': 'see a vm and its events',
  'vm.create': 'create and add vms',
  'vm.settings': 'reconfigure and rename a vm',
  'vm.scripts': 'attach scripts to events of a vm, which run on its host',
  'vm.disks': 'create, attach and detach disks of a vm',
  'vm.snapshot': 'take, revert to and delete snapshots of a vm',
  'vm.power': 'start, stop, pause, save and reset a vm',
  'vm.media': 'insert and eject media',
  'vm.console': 'use screen, keyboard and serial port',
  'vm.supervise':
    'put in order, end and take over consoles of others, show a screen by a link, record serial ports',
  'vm.guest': 'act inside the guest through its agent',
  'vm.clone': 'copy a vm with its disks',
  'vm.move': 'move a vm to another folder or host, and its files on its host',
  'vm.remove': 'take a vm out of Gantry, its files unchanged',
  'vm.delete': 'delete a vm and its files',
  'host.view': 'see a host and its events',
  'host.settings': 'reconfigure a host',
  'host.scripts': 'attach scripts to events of a host, which run on it',
  'host.disks': 'work on disk files in the folders for vms of a host',
  'host.drives':
    'give vms devices of a host: entire drives as raw devices, those for CDs and floppies, serial and parallel ports',
  'host.extensions':
    'ask special functions of a hypervisor, which know no rights of Gantry and may reach all of the host',
  'host.power': 'start and stop the service of a host, bulk operations',
  'host.join': 'let new hosts join',
  'host.unverified':
    'connect hypervisors without checks of certificate or host key, or over plain TCP',
  'folder.view': 'see a folder',
  'folder.manage': 'create, rename and delete folders',
  'image.view': 'see and use images',
  'image.manage': 'build, add and delete images',
  'profile.manage': 'create and delete hardware profiles',
  'team.manage': 'create, change and delete teams of vms',
  'network.manage': 'create, change and delete networks',
  'operation.view': "see other people's operations",
  'operation.cancel': "cancel other people's operations",
  'event.view': 'read the event log',
  'event.manage': 'clear and archive the event log',
  'user.view': 'see users, roles and grants',
  'user.manage': 'create, change and delete users and their tokens',
  'permission.change': 'change roles and grants',
  'audit.view': 'read the audit trail',
  'installation.view': 'see the state of the installation',
  'installation.settings': 'change the settings of the installation',
} as const;

export type Verb = keyof typeof verbs;

export const allVerbs: readonly Verb[] = Object.keys(verbs) as Verb[];

const viewing = allVerbs.filter((verb) => verb.endsWith('.view'));
const use: readonly Verb[] = [
  'vm.view',
  'vm.console',
  'vm.power',
  'vm.media',
  'folder.view',
  'image.view',
  'event.view',
];
const reconfigure: readonly Verb[] = [
  'vm.view',
  'vm.settings',
  'vm.disks',
  'vm.snapshot',
  'folder.view',
  'image.view',
  'event.view',
];
const create: readonly Verb[] = ['vm.create', 'folder.view', 'host.view', 'image.view'];

interface BuiltInRole {
  /** The same in every installation; grants name roles by id. */
  readonly id: string;
  readonly meaning: string;
  readonly verbs: readonly Verb[];
}

/** Roles that exist from the first start; their names cannot be taken. */
export const builtInRoles: Readonly<Record<string, BuiltInRole>> = {
  administrator: {
    id: '00000000-0000-4000-8001-000000000001',
    meaning: 'everything',
    verbs: allVerbs,
  },
  'server-administrator': {
    id: '00000000-0000-4000-8001-000000000002',
    meaning: 'full control of hosts and of the configuration of all vms',
    verbs: allVerbs.filter((verb) => !verb.startsWith('user.') && verb !== 'permission.change'),
  },
  create: {
    id: '00000000-0000-4000-8001-000000000003',
    meaning: 'level one: create new vms, and configure and control those',
    verbs: create,
  },
  reconfigure: {
    id: '00000000-0000-4000-8001-000000000004',
    meaning: 'level two: reconfigure a vm',
    verbs: reconfigure,
  },
  use: {
    id: '00000000-0000-4000-8001-000000000005',
    meaning: 'level three: console, power and media of a vm',
    verbs: use,
  },
  'vm-administrator': {
    id: '00000000-0000-4000-8001-000000000006',
    meaning: 'configure and control chosen vms and nothing else',
    verbs: [...new Set<Verb>([...use, ...reconfigure, 'vm.guest', 'vm.supervise'])],
  },
  'vm-operator': {
    id: '00000000-0000-4000-8001-000000000007',
    meaning: 'control chosen vms, not reconfigure them',
    verbs: use,
  },
  player: {
    id: '00000000-0000-4000-8001-000000000008',
    meaning: 'run vms made by others',
    verbs: use,
  },
  'self-service': {
    id: '00000000-0000-4000-8001-000000000010',
    meaning: 'make vms by oneself in a folder, within its quota, and give those back',
    verbs: ['vm.create', 'vm.delete', 'folder.view'],
  },
  'template-user': {
    id: '00000000-0000-4000-8001-000000000011',
    meaning: 'see templates, and make vms of them where one may make some',
    verbs: ['vm.view', 'vm.clone', 'folder.view'],
  },
  auditor: {
    id: '00000000-0000-4000-8001-000000000009',
    meaning: 'read everything and change nothing',
    verbs: viewing,
  },
};
