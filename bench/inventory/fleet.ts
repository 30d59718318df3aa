/** A fleet as documents: hosts, folders and vms as the coordinator stores them, deterministic from their number. */
import { createHash } from 'node:crypto';
import { isoTime } from '#lib';
import {
  hostFactsSchema,
  hostSettingsSchema,
  profiles,
  topFolderId,
  vmDefinitionSchema,
  vmStates,
  type MachineReport,
  type MachineSample,
  type VmState,
} from '#api';
import type {
  FolderDocument,
  HostDocument,
  StatusDocument,
  VmDocument,
} from '../../src/coordinator/documents.ts';
import type { Write } from '../../src/coordinator/store/store.ts';

const vmsPerHost = 500;
const folderCount = 50;
const start = Date.UTC(2026, 0, 1);

/** A UUID that follows from the name. */
export function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
  return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

export interface Fleet {
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
  readonly writes: Iterable<Write>;
}

export function makeFleet(vms: number): Fleet {
  const hosts = Math.ceil(vms / vmsPerHost);
  return {
    hostIds: Array.from({ length: hosts }, (_, host) => idOf(`host ${host}`)),
    vmIds: Array.from({ length: vms }, (_, vm) => idOf(`vm ${vm}`)),
    writes: writesOf(vms, hosts),
  };
}

function* writesOf(vms: number, hosts: number): Iterable<Write> {
  for (let host = 0; host < hosts; host += 1)
    yield { kind: 'host', id: idOf(`host ${host}`), data: hostDocument(host) };
  const top: FolderDocument = { name: '/', parentId: null };
  yield { kind: 'folder', id: topFolderId, data: top };
  for (let folder = 0; folder < folderCount; folder += 1) {
    const data: FolderDocument = { name: `folder-${folder}`, parentId: topFolderId };
    yield { kind: 'folder', id: idOf(`folder ${folder}`), data };
  }
  for (let vm = 0; vm < vms; vm += 1) {
    const id = idOf(`vm ${vm}`);
    const name = vmName(vm);
    yield { kind: 'vm', id, data: vmDocument(vm, id, name) };
    yield { kind: 'status', id, data: { report: report(vm, id, name) } satisfies StatusDocument };
    yield { kind: 'name', id: `vm/${name}`, data: { id } };
  }
}

export function vmName(vm: number): string {
  return `${['web', 'db', 'build', 'desktop', 'cache'][vm % 5]}-${vm}`;
}

function hostDocument(host: number): HostDocument {
  return {
    name: `host-${host}`,
    driver: 'simulated',
    settings: hostSettingsSchema.parse({}),
    facts: hostFactsSchema.parse({
      architecture: 'x86_64',
      operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0',
      processor: {
        vendor: 'GenuineIntel',
        model: 'a processor',
        sockets: 2,
        cores: 32,
        threads: 64,
        clockMhz: 2600,
        flags: Array.from({ length: 100 }, (_, flag) => `flag${flag}`),
        grade: 'ok',
      },
      memoryTotalBytes: 1024 ** 4,
      bootedAt: isoTime(start + host),
      hypervisor: { name: 'simulated', version: '1', class: 'emulator' },
      acceleration: { kvm: 'works', evidence: 'simulated', use: 'simulated' },
      missing: {},
      programs: [],
      additionsVersion: '0.1.0',
      agentVersion: '0.1.0',
      processorModels: ['qemu64', 'host'],
      maxProcessorsPerVm: 64,
    }),
    certificate: createHash('sha256').update(`host ${host}`).digest('hex'),
    serviceRunning: true,
  };
}

function vmDocument(vm: number, id: string, name: string): VmDocument {
  const { hardware } = profiles.modern;
  const mac = vm.toString(16).padStart(6, '0');
  return {
    definition: vmDefinitionSchema.parse({
      id,
      name,
      description: vm % 3 === 0 ? `machine number ${vm} of the fleet` : '',
      tags: [`team-${vm % 40}`, vm % 2 === 0 ? 'production' : 'test'],
      guestOs: ['debian', 'ubuntu', 'windows-server-2022'][vm % 3],
      hardware: {
        ...hardware,
        processor: { ...hardware.processor, count: 1 + (vm % 8) },
        memory: { sizeBytes: (1 + (vm % 16)) * 1024 ** 3, maxBytes: null },
        disks: [
          {
            bus: 'virtio',
            controller: 0,
            position: 0,
            file: `${name}.qcow2`,
            format: 'qcow2',
            sizeBytes: 40 * 1024 ** 3,
          },
        ],
        adapters: [
          {
            slot: 0,
            model: 'virtio',
            mac: `52:54:00:${mac.slice(0, 2)}:${mac.slice(2, 4)}:${mac.slice(4, 6)}`,
            attachment: { kind: 'user' },
          },
        ],
      },
    }),
    hostId: idOf(`host ${Math.floor(vm / vmsPerHost)}`),
    folderId: idOf(`folder ${vm % folderCount}`),
    path: `/var/lib/gantry/vms/${name}`,
    revision: 1,
    generation: 1,
  };
}

const lasting: readonly VmState[] = ['running', 'running', 'running', 'off', 'saved', 'paused'];

function report(vm: number, id: string, name: string): MachineReport {
  const state = lasting[vm % lasting.length] ?? vmStates[0];
  const live = state === 'running' || state === 'paused';
  return {
    id,
    name,
    generation: 1,
    state,
    held: false,
    since: isoTime(start + vm * 1000),
    startedAt: live ? isoTime(start + vm * 1000) : null,
    accelerator: live ? 'simulated' : null,
    wasRunning: live,
    path: `/var/lib/gantry/vms/${name}`,
    pending: [],
    forwards: [],
    snapshots: [],
    undo: null,
    lastFault: null,
  };
}

export function sampleOf(vm: number): MachineSample {
  return {
    id: idOf(`vm ${vm}`),
    cpuPercent: (vm * 37) % 101,
    memoryBytes: ((vm * 13) % 1000) * 1024 ** 2,
    diskUse: null,
    networkUse: null,
    heartbeat: { state: 'good', lastAt: isoTime(start + vm), beats: vm },
    guestHealth: 'working',
    additions: {
      state: 'running',
      version: '0.1.0',
      agentVersion: '8.2.0',
      functions: { shutdown: true, ping: true, network: true },
    },
    guest: {
      osName: 'Debian GNU/Linux 12',
      hostName: vmName(vm),
      addresses: [`10.${(vm >> 16) & 255}.${(vm >> 8) & 255}.${vm & 255}`],
      interfaces: [],
      users: null,
      timezone: 'UTC',
      domainController: false,
      domain: null,
      clockOffsetMs: 3,
      memoryTotalBytes: 1024 ** 3,
      memoryFreeBytes: 512 * 1024 ** 2,
      fileSystems: [],
    },
  };
}
