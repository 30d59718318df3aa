/** The columns of every list. */
import { formatBytes } from '#lib';
import {
  vmStandingFacts,
  type Event,
  type EventEntry,
  type Folder,
  type Grant,
  type Host,
  type IdentityDeviation,
  type Image,
  type Network,
  type NetworkLease,
  type NetworkPort,
  type PortFlow,
  type Operation,
  type Role,
  type Team,
  type Token,
  type User,
  type Vm,
} from '#api';
import { localTime, shortDuration } from '../output/human.ts';
import type { Column } from '../output/table.ts';

const orNone = (text: string | null | undefined): string =>
  text === null || text === undefined || text === '' ? '-' : text;

const rate = (bytesPerSecond: number | undefined): string =>
  bytesPerSecond === undefined ? 'n/a' : `${formatBytes(Math.round(bytesPerSecond))}/s`;

/** What a vm moves; what is read and received comes first. */
export const useColumns: readonly Column<Vm>[] = [
  {
    title: 'DISK READ',
    value: ({ status }) => rate(status.diskUse?.readBytesPerSecond),
    align: 'right',
  },
  {
    title: 'WRITTEN',
    value: ({ status }) => rate(status.diskUse?.writtenBytesPerSecond),
    align: 'right',
  },
  {
    title: 'NET RECEIVED',
    value: ({ status }) => rate(status.networkUse?.receivedBytesPerSecond),
    align: 'right',
  },
  {
    title: 'SENT',
    value: ({ status }) => rate(status.networkUse?.sentBytesPerSecond),
    align: 'right',
  },
];

export const vmColumns: readonly Column<Vm>[] = [
  { title: 'NAME', value: (vm) => vm.name },
  {
    title: 'STATE',
    value: (vm) =>
      `${vmStandingFacts[vm.standing].glyph} ${vm.status.held && vm.standing === vm.state ? 'held' : vm.standing}`,
  },
  { title: 'HOST', value: (vm) => vm.host },
  {
    title: 'RUNNING',
    value: (vm) =>
      vm.status.runningSeconds === null ? 'n/a' : shortDuration(vm.status.runningSeconds),
    align: 'right',
  },
  {
    title: 'CPU',
    value: (vm) => (vm.status.cpuPercent === null ? 'n/a' : `${vm.status.cpuPercent.toFixed(0)} %`),
    align: 'right',
  },
  {
    title: 'MEMORY',
    value: (vm) => formatBytes(vm.definition.hardware.memory.sizeBytes),
    align: 'right',
  },
  { title: 'ADDRESS', value: (vm) => orNone(vm.status.guest?.addresses[0]) },
  {
    title: 'DISK SPACE',
    value: ({ status: { diskSpaceBytes } }) =>
      diskSpaceBytes === null ? 'n/a' : formatBytes(diskSpaceBytes),
    align: 'right',
    wide: true,
  },
  ...useColumns.map((column) => ({ ...column, wide: true as const })),
  { title: 'GUEST', value: (vm) => orNone(vm.status.guestHealth), wide: true },
  { title: 'HEARTBEAT', value: (vm) => vm.status.heartbeat.state, wide: true },
  { title: 'ADDITIONS', value: (vm) => vm.status.additions.state, wide: true },
  { title: 'FOLDER', value: (vm) => vm.folder, wide: true },
  { title: 'DRIVER', value: (vm) => vm.driver, wide: true },
  { title: 'HYPERVISOR', value: (vm) => vm.hypervisor, wide: true },
  { title: 'TECHNIQUE', value: (vm) => vm.technique, wide: true },
  { title: 'TAGS', value: (vm) => orNone(vm.definition.tags.join(' ')), wide: true },
  { title: 'UUID', value: (vm) => vm.uuid, wide: true },
  { title: 'ID', value: (vm) => vm.id, wide: true },
];

export const hostColumns: readonly Column<Host>[] = [
  { title: 'NAME', value: (host) => host.name },
  { title: 'STATUS', value: (host) => host.status },
  { title: 'DRIVER', value: (host) => host.driver },
  { title: 'VMS', value: (host) => String(host.vms), align: 'right' },
  {
    title: 'RUNNING',
    value: (host) => (host.load === null ? '-' : String(host.load.running)),
    align: 'right',
  },
  {
    title: 'THREADS',
    value: (host) => (host.facts === null ? '-' : String(host.facts.processor.threads)),
    align: 'right',
  },
  {
    title: 'CPU',
    value: (host) =>
      host.load === null || host.load.cpuPercent === null
        ? '-'
        : `${host.load.cpuPercent.toFixed(0)} %`,
    align: 'right',
  },
  {
    title: 'MEMORY',
    value: (host) => (host.facts === null ? '-' : formatBytes(host.facts.memoryTotalBytes)),
    align: 'right',
  },
  {
    title: 'FREE',
    value: (host) => (host.load === null ? '-' : formatBytes(host.load.memoryFreeBytes)),
    align: 'right',
  },
  { title: 'VIEWERS', value: ({ viewers }) => viewers.state, wide: true },
  { title: 'AT', value: ({ viewers }) => orNone(viewers.address), wide: true },
  { title: 'PORTS', value: ({ viewers }) => viewers.ports, wide: true },
  { title: 'TLS', value: ({ viewers }) => viewers.tls, wide: true },
  { title: 'ACCELERATION', value: (host) => orNone(host.facts?.acceleration.use), wide: true },
  {
    title: 'HYPERVISOR',
    value: (host) =>
      host.facts === null
        ? '-'
        : `${host.facts.hypervisor.name} ${host.facts.hypervisor.version ?? ''}`,
    wide: true,
  },
  { title: 'ID', value: (host) => host.id, wide: true },
];

export const operationColumns: readonly Column<Operation>[] = [
  { title: 'ID', value: (operation) => operation.id },
  { title: 'ACTION', value: (operation) => operation.action },
  { title: 'TARGET', value: (operation) => operation.target.name },
  { title: 'STATE', value: (operation) => operation.state },
  {
    title: 'PROGRESS',
    value: (operation) =>
      operation.progress === null ? '-' : `${Math.round(operation.progress * 100)} %`,
    align: 'right',
  },
  { title: 'STARTED', value: (operation) => localTime(operation.startedAt ?? operation.createdAt) },
  { title: 'BY', value: (operation) => operation.actor },
  { title: 'REASON', value: (operation) => orNone(operation.fault?.message), wide: true },
];

/** In whose log an entry stands, where an event has several. */
export const levelColumn: Column<EventEntry> = {
  title: 'LOG OF',
  value: ({ level }) => (level === undefined ? '-' : `${level.kind} ${level.name}`),
};

export const eventColumns: readonly Column<Event>[] = [
  { title: 'TIME', value: (event) => localTime(event.time) },
  { title: 'TYPE', value: (event) => event.type },
  { title: 'TARGET', value: (event) => event.target.name },
  { title: 'MESSAGE', value: (event) => event.message, wraps: true },
  { title: 'NAME', value: (event) => event.name, wide: true },
  { title: 'BY', value: (event) => event.actor.name, wide: true },
  { title: 'CORRELATION', value: (event) => orNone(event.correlationId), wide: true },
  { title: 'SEQ', value: (event) => String(event.seq), wide: true, align: 'right' },
];

export const imageColumns: readonly Column<Image>[] = [
  { title: 'NAME', value: (image) => image.name },
  { title: 'KIND', value: (image) => image.imageKind },
  { title: 'FORMAT', value: (image) => image.format },
  { title: 'SIZE', value: (image) => formatBytes(image.sizeBytes), align: 'right' },
  { title: 'ON DISK', value: (image) => formatBytes(image.fileBytes), align: 'right' },
  { title: 'HOST', value: (image) => image.host },
  { title: 'GUEST', value: (image) => orNone(image.guestOs), wide: true },
  { title: 'PATH', value: (image) => image.path, wide: true },
  { title: 'ID', value: (image) => image.id, wide: true },
];

export const folderColumns: readonly Column<Folder>[] = [
  { title: 'PATH', value: (folder) => folder.path },
  { title: 'ID', value: (folder) => folder.id, wide: true },
];

export const networkColumns: readonly Column<Network>[] = [
  { title: 'NAME', value: (network) => network.name },
  { title: 'TYPE', value: (network) => network.type },
  { title: 'STATE', value: (network) => network.state },
  { title: 'SUBNET', value: ({ ipv4, adapter }) => ipv4?.subnet ?? orNone(adapter) },
  { title: 'ADAPTERS', value: ({ adapters }) => String(adapters), align: 'right' },
  { title: 'HOSTS', value: ({ hosts }) => orNone(hosts.map(({ hostName }) => hostName).join(' ')) },
  { title: 'DOMAIN', value: ({ domain }) => orNone(domain), wide: true },
  { title: 'TAGS', value: ({ tags }) => orNone(tags.join(' ')), wide: true },
  { title: 'ID', value: (network) => network.id, wide: true },
];

export const identityColumns: readonly Column<IdentityDeviation>[] = [
  { title: 'VM', value: ({ vm }) => orNone(vm?.name) },
  { title: 'MAC', value: ({ mac }) => orNone(mac), wide: true },
  { title: 'DEVIATION', value: ({ text }) => text, wraps: true },
  { title: 'REMEDY', value: ({ remedy }) => remedy, wraps: true },
];

export const leaseColumns: readonly Column<NetworkLease>[] = [
  { title: 'ADDRESS', value: (lease) => lease.address },
  { title: 'MAC', value: (lease) => lease.mac },
  { title: 'VM', value: ({ vm }) => orNone(vm?.name) },
  { title: 'CALLS ITSELF', value: ({ hostName }) => orNone(hostName) },
  { title: 'EXPIRES', value: ({ expiresAt }) => localTime(expiresAt) },
  { title: 'SINCE', value: ({ startsAt }) => localTime(startsAt), wide: true },
  { title: 'HOST', value: ({ host }) => host, wide: true },
];

export const portColumns: readonly Column<NetworkPort>[] = [
  { title: 'PORT', value: ({ number }) => orNone(number?.toString()), align: 'right' },
  { title: 'VM', value: ({ vm }) => vm.name },
  { title: 'ADAPTER', value: ({ slot }) => String(slot), align: 'right' },
  { title: 'LINK', value: ({ link }) => link },
  { title: 'RECEIVED', value: ({ received }) => formatBytes(received.bytes), align: 'right' },
  { title: 'SENT', value: ({ sent }) => formatBytes(sent.bytes), align: 'right' },
  {
    title: 'DROPPED',
    value: ({ received, sent }) => String(received.dropped + sent.dropped),
    align: 'right',
  },
  {
    title: 'FLOWS',
    value: ({ flows }) => (flows === null ? '-' : String(flows.length)),
    align: 'right',
  },
  { title: 'MAC', value: ({ mac }) => mac, wide: true },
  { title: 'INTERFACE', value: (port) => port.interface, wide: true },
  { title: 'HOST', value: ({ host }) => host, wide: true },
];

export const flowColumns: readonly Column<
  PortFlow & { readonly vm: string; readonly slot: number }
>[] = [
  { title: 'VM', value: ({ vm }) => vm },
  { title: 'ADAPTER', value: ({ slot }) => String(slot), align: 'right' },
  { title: 'PROTOCOL', value: ({ protocol }) => protocol },
  { title: 'GUEST', value: ({ address, port }) => writeEnd(address, port) },
  { title: 'OTHER SIDE', value: ({ farAddress, farPort }) => writeEnd(farAddress, farPort) },
];

function writeEnd(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export const teamColumns: readonly Column<Team>[] = [
  { title: 'NAME', value: (team) => team.name },
  { title: 'STATE', value: (team) => team.state },
  { title: 'MEMBERS', value: (team) => orNone(team.members.map(({ name }) => name).join(' ')) },
  { title: 'ON FAILURE', value: (team) => team.onFailure, wide: true },
  { title: 'DESCRIPTION', value: (team) => orNone(team.description), wide: true },
  { title: 'ID', value: (team) => team.id, wide: true },
];

export const userColumns: readonly Column<User>[] = [
  { title: 'NAME', value: (user) => user.name },
  { title: 'DISPLAY NAME', value: (user) => orNone(user.displayName) },
  { title: 'GROUPS', value: (user) => orNone(user.groups.join(' ')) },
  {
    title: 'STATE',
    value: (user) => (user.disabled ? 'disabled' : user.hasPassword ? 'ok' : 'no password'),
  },
  { title: 'LAST SIGN-IN', value: (user) => localTime(user.lastSignInAt) },
  { title: 'ID', value: (user) => user.id, wide: true },
];

export const roleColumns: readonly Column<Role>[] = [
  { title: 'NAME', value: (role) => role.name },
  { title: 'BUILT IN', value: (role) => (role.builtIn ? 'yes' : 'no') },
  { title: 'MEANING', value: (role) => role.meaning, wraps: true },
  { title: 'RIGHTS', value: (role) => role.verbs.join(' '), wide: true },
];

export const grantColumns: readonly Column<Grant>[] = [
  { title: 'SUBJECT', value: (grant) => `${grant.subjectKind} ${grant.subject}` },
  { title: 'ROLE', value: (grant) => grant.role },
  {
    title: 'OBJECT',
    value: (grant) =>
      grant.objectKind === 'installation' ? 'everything' : `${grant.objectKind} ${grant.object}`,
  },
  { title: 'EFFECT', value: (grant) => (grant.deny ? 'deny' : 'allow') },
  { title: 'ID', value: (grant) => grant.id },
];

export const tokenColumns: readonly Column<Token>[] = [
  { title: 'NAME', value: (token) => token.name },
  { title: 'USER', value: (token) => token.user },
  {
    title: 'SCOPE',
    value: (token) => (token.verbs === null ? "all of the user's rights" : token.verbs.join(' ')),
  },
  {
    title: 'EXPIRES',
    value: (token) => (token.expiresAt === null ? 'never' : localTime(token.expiresAt)),
  },
  { title: 'LAST USED', value: (token) => localTime(token.lastUsedAt) },
  { title: 'ID', value: (token) => token.id, wide: true },
];
