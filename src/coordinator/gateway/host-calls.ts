/** The fleet as if it were one host: its processors and memory together, of the hosts that the connection is about. */
import { hostname } from 'node:os';
import { machineArchitectures, type Host } from '#api';
import { kiB } from '#lib';
import { libvirtFault, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';
import { countProcessors, mapProcessors, shownHosts } from './shown-hosts.ts';
import { element, writeXml, type Element } from '../domain-xml/xml.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_GET_TYPE'
  | 'CONNECT_GET_VERSION'
  | 'CONNECT_GET_LIB_VERSION'
  | 'CONNECT_GET_HOSTNAME'
  | 'CONNECT_GET_CAPABILITIES'
  | 'CONNECT_GET_DOMAIN_CAPABILITIES'
  | 'CONNECT_GET_MAX_VCPUS'
  | 'CONNECT_IS_SECURE'
  | 'NODE_GET_INFO'
  | 'NODE_GET_FREE_MEMORY'
  | 'NODE_GET_MEMORY_STATS'
  | 'NODE_GET_CELLS_FREE_MEMORY'
  | 'NODE_GET_CPU_STATS'
  | 'NODE_GET_CPU_MAP'
  | 'CONNECT_GET_CPU_MODEL_NAMES'
  | 'NODE_GET_SECURITY_MODEL'
>;

/** The version of libvirt whose protocol is spoken here. */
const libVersion = 9_000_000n;
/** VIR_NODE_MEMORY_STATS_ALL_CELLS. */
const allCells = -1;
/** VIR_NODE_CPU_STATS_ALL_CPUS. */
const allProcessors = -1;
const machines = Object.entries(machineArchitectures);
const architectures = [...new Set(Object.values(machineArchitectures))];

/** `version`: of the product, `1.2.3`. */
export function hostCalls(connection: Connection, version: string): Calls {
  const { named, caller, desk } = connection.parts;
  const hosts = (): Host[] => {
    desk.admit(caller, 'host.list');
    return shownHosts(connection);
  };
  return {
    CONNECT_GET_TYPE: () => ({ type: named.type }),
    CONNECT_GET_VERSION: () => ({ hv_ver: versionNumber(version) }),
    CONNECT_GET_LIB_VERSION: () => ({ lib_ver: libVersion }),
    CONNECT_GET_HOSTNAME: () => ({
      hostname: named.scope.kind === 'host' ? named.scope.name : hostname(),
    }),
    CONNECT_GET_CAPABILITIES: () => ({ capabilities: capabilities(hosts()) }),
    CONNECT_GET_DOMAIN_CAPABILITIES: ({ arch, machine, virttype }) => ({
      capabilities: domainCapabilities(arch ?? 'x86_64', machine, virttype),
    }),
    CONNECT_GET_MAX_VCPUS: () => ({
      max_vcpus: Math.max(1, ...hosts().map(({ facts }) => facts?.maxProcessorsPerVm ?? 1)),
    }),
    CONNECT_IS_SECURE: () => ({ secure: 1 }),
    NODE_GET_INFO: () => nodeInfo(hosts()),
    NODE_GET_FREE_MEMORY: () => ({
      freeMem: freeBytes(hosts()),
    }),
    NODE_GET_MEMORY_STATS: ({ nparams, cellNum }) => {
      if (cellNum !== allCells)
        throw libvirtFault('INVALID_ARG', 'memory of a fleet is not told by cell of a host');
      const all = hosts();
      const inKib = (bytes: readonly number[]): bigint => BigInt(Math.floor(sum(bytes) / kiB));
      const params = [
        { field: 'total', value: inKib(all.map(({ facts }) => facts?.memoryTotalBytes ?? 0)) },
        { field: 'free', value: inKib(all.map(({ load }) => load?.memoryFreeBytes ?? 0)) },
      ];
      return { params: nparams === 0 ? [] : params.slice(0, nparams), nparams: params.length };
    },
    // All memory is that of one cell, which capabilities do not name.
    NODE_GET_CELLS_FREE_MEMORY: ({ startCell, maxcells }) => {
      if (startCell !== 0)
        throw libvirtFault(
          'INVALID_ARG',
          `invalid argument: start cell ${startCell} out of range (0-0)`,
        );
      return { cells: maxcells < 1 ? [] : [freeBytes(hosts())] };
    },
    NODE_GET_CPU_STATS: ({ cpuNum, nparams }) => {
      if (cpuNum !== allProcessors)
        throw libvirtFault(
          'INVALID_ARG',
          'hosts tell the share of all of their processors, and of no single one: nodecpustats without --cpu',
        );
      const value = busyPercent(hosts());
      if (value === undefined)
        throw libvirtFault('OPERATION_UNSUPPORTED', 'no host has told yet how busy it is');
      const params = [{ field: 'utilization', value }];
      return { params: nparams === 0 ? [] : params, nparams: params.length };
    },
    NODE_GET_CPU_MAP: ({ need_map, need_online }) => {
      const count = countProcessors(hosts());
      return {
        cpumap: need_map === 0 ? Buffer.alloc(0) : mapProcessors(count),
        online: need_online === 0 ? 0 : count,
        ret: count,
      };
    },
    CONNECT_GET_CPU_MODEL_NAMES: ({ arch, need_results }) => {
      const models = hosts()
        .filter(({ facts }) => facts?.architecture === arch)
        .flatMap(({ facts }) => facts?.processorModels ?? []);
      const names = [...new Set(models)].toSorted();
      return { models: need_results === 0 ? [] : names, ret: names.length };
    },
    // As a libvirtd without one says it.
    NODE_GET_SECURITY_MODEL: () => ({ model: 'none', doi: '0' }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function freeBytes(hosts: readonly Host[]): bigint {
  return BigInt(sum(hosts.map(({ load }) => load?.memoryFreeBytes ?? 0)));
}

/** Whole per cent of the processors of all hosts that tell it; undefined: none does. */
function busyPercent(hosts: readonly Host[]): bigint | undefined {
  const told = hosts.flatMap(({ facts, load }) =>
    typeof load?.cpuPercent === 'number'
      ? [{ threads: facts?.processor.threads ?? 1, busy: load.cpuPercent }]
      : [],
  );
  if (told.length === 0) return undefined;
  const threads = sum(told.map((one) => one.threads));
  return BigInt(Math.round(sum(told.map((one) => one.busy * one.threads)) / threads));
}

function versionNumber(version: string): bigint {
  const [major = 0, minor = 0, micro = 0] = version.split(/[.-]/).map(Number);
  return BigInt((major * 1000 + minor) * 1000 + (Number.isInteger(micro) ? micro : 0));
}

/** All threads as sockets of one core each, since hosts differ. */
function nodeInfo(hosts: readonly Host[]): {
  model: string;
  memory: bigint;
  cpus: number;
  mhz: number;
  nodes: number;
  sockets: number;
  cores: number;
  threads: number;
} {
  const facts = hosts.flatMap((host) => host.facts ?? []);
  const cpus = countProcessors(hosts);
  return {
    model: (facts[0]?.architecture ?? 'x86_64').slice(0, 31),
    memory: BigInt(Math.floor(sum(facts.map((one) => one.memoryTotalBytes)) / kiB)),
    cpus,
    mhz: Math.round(Math.max(0, ...facts.map(({ processor }) => processor.clockMhz ?? 0))),
    nodes: 1,
    sockets: cpus,
    cores: 1,
    threads: 1,
  };
}

function domainTypes(hosts: readonly Host[]): readonly string[] {
  const hasKvm = hosts.some(({ facts }) => facts?.acceleration.use === 'kvm');
  return hasKvm ? ['qemu', 'kvm'] : ['qemu'];
}

function capabilities(hosts: readonly Host[]): string {
  const own = hosts[0]?.facts?.architecture ?? 'x86_64';
  const guest = (arch: string): Element =>
    element('guest', {}, [
      element('os_type', {}, 'hvm'),
      element('arch', { name: arch }, [
        element('wordsize', {}, 64),
        element('emulator', {}, emulatorOf(arch)),
        ...machines
          .filter(([, of]) => of === arch)
          .map(([machine]) => element('machine', { maxCpus: 1024 }, machine)),
        ...domainTypes(hosts).map((type) => element('domain', { type })),
      ]),
      element('features', {}, [element('acpi', { default: 'on', toggle: 'yes' })]),
    ]);
  return writeXml(
    element('capabilities', {}, [
      element('host', {}, [element('cpu', {}, [element('arch', {}, own)])]),
      ...architectures.map(guest),
    ]),
  );
}

function emulatorOf(arch: string): string {
  return `/usr/bin/qemu-system-${arch}`;
}

/** A kind of device, and what it may be. */
function choice(name: string, enums: Readonly<Record<string, readonly string[]>>): Element {
  return element(
    name,
    { supported: 'yes' },
    Object.entries(enums).map(([of, values]) =>
      element(
        'enum',
        { name: of },
        values.map((value) => element('value', {}, value)),
      ),
    ),
  );
}

/** Errors: INVALID_ARG for what no vm of ours can be. */
function domainCapabilities(arch: string, machine: string | null, virtType: string | null): string {
  const known = machines.filter(([, of]) => of === arch).map(([name]) => name);
  const chosen = known.find((name) => name === machine) ?? known.at(-1);
  if (chosen === undefined)
    throw libvirtFault('INVALID_ARG', `no vm has the architecture ${arch.slice(0, 40)}`);
  return writeXml(
    element('domainCapabilities', {}, [
      element('path', {}, emulatorOf(arch)),
      element('domain', {}, virtType === 'kvm' ? 'kvm' : 'qemu'),
      element('machine', {}, chosen),
      element('arch', {}, arch),
      element('vcpu', { max: 1024 }),
      choice('os', { firmware: ['efi'] }),
      element('devices', {}, [
        choice('disk', {
          diskDevice: ['disk', 'cdrom', 'floppy'],
          bus: ['ide', 'fdc', 'scsi', 'virtio', 'sata'],
        }),
        choice('graphics', { type: ['vnc'] }),
        choice('video', { modelType: ['vga', 'cirrus', 'virtio', 'none'] }),
        element('hostdev', { supported: 'no' }),
      ]),
      element('features'),
    ]),
  );
}
