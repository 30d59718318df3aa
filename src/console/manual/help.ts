/** Where the manual explains each panel of the console (WEB-39). */
import type { AttributeKind } from '../attributes/place.ts';
import type { HostTab } from '../hosts/place.ts';
import type { ConfigurationPage } from '../vm/configuration-pages.ts';
import type { VmTab } from '../vm/tabs.ts';

/** A page below `docs`, and a heading on it. */
export type HelpPlace = `manual/${string}.md` | `manual/${string}.md#${string}`;

const work = 'manual/users/console.md#operations-and-events';
const graphs = 'manual/users/console.md#graphs';
const screens = 'manual/users/console.md#screen-and-serial-console';
const hardware = 'manual/users/vms.md#hardware';

export const pageHelp = {
  status: 'manual/users/console.md#status',
  summary: 'manual/users/console.md#summary',
  vms: 'manual/users/vms.md',
  'self-service': 'manual/users/console.md#self-service',
  teams: 'manual/users/teams.md',
  hosts: 'manual/users/console.md#hosts',
  disks: 'manual/users/disks.md#disks-on-a-host',
  networks: 'manual/users/networks.md',
  topology: 'manual/users/console.md#topology',
  images: 'manual/users/console.md#images',
  operations: work,
  events: work,
  people: 'manual/users/console.md#users-and-rights',
  site: 'manual/users/console.md#site-settings',
} as const satisfies Readonly<Record<string, HelpPlace>>;

/** What the menu of a thing, whatever its kind, leads to (GRP-30). */
export const thingHelp: Readonly<Record<AttributeKind, HelpPlace>> = {
  vm: pageHelp.vms,
  host: pageHelp.hosts,
  team: pageHelp.teams,
  network: pageHelp.networks,
  image: pageHelp.images,
  folder: 'manual/users/console.md#folders',
  disk: pageHelp.disks,
  installation: pageHelp.site,
};

export const memberHelp = hardware;
export const snapshotHelp = 'manual/users/vms.md#snapshots';

export const vmTabHelp: Readonly<Record<VmTab, HelpPlace>> = {
  summary: 'manual/users/vms.md#what-it-uses',
  graphs,
  screen: screens,
  serial: screens,
  configuration: 'manual/users/console.md#configuration',
  snapshots: snapshotHelp,
  identity: 'manual/users/console.md#configuration',
  events: work,
  operations: work,
};

export const sectionHelp: Readonly<Record<ConfigurationPage, HelpPlace>> = {
  'host-actions': 'manual/users/vms.md#with-its-host',
  access: 'manual/operators/security.md#who-may-do-what',
  hardware,
  memory: hardware,
  network: 'manual/users/networks.md',
  storage: 'manual/users/disks.md',
  'hard-disks': 'manual/users/disks.md',
  'scsi-controllers': hardware,
  floppy: hardware,
  cd: hardware,
  ports: hardware,
  'serial-ports': hardware,
  'parallel-port': hardware,
  processor: hardware,
  additions: 'manual/users/vms.md#guest-additions',
  scripts: 'manual/users/event-scripts.md',
};

export const hostTabHelp: Readonly<Record<HostTab, HelpPlace>> = {
  summary: 'manual/users/console.md#hosts',
  settings: 'manual/users/console.md#hosts',
  graphs,
  virtualMachines: 'manual/users/vms.md',
  resourceAllocation: 'manual/users/console.md#hosts',
  adapters: 'manual/users/networks.md#adapters-of-a-host',
  viewers: 'manual/operators/security.md#native-viewers',
  eventScripts: 'manual/users/event-scripts.md#scripts-of-a-host',
  virtualDisks: 'manual/users/disks.md',
  hypervisorPlaces: 'manual/operators/libvirt.md#what-can-be-done',
  checks: 'manual/operators/trouble.md',
  events: work,
  operations: work,
};
