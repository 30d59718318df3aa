/**
 * A vm as the API shows it: its definition, what was last observed and what passes. While its host is not
 * connected the state is `unknown` (VM-24) and what passes is not shown; the last known state waits in the
 * status document.
 */
import {
  guestUuid,
  judgeStanding,
  machineArchitectures,
  vmStateFacts,
  type MachineReport,
  type MachineSample,
  type Vm,
  type VmDefinition,
  type VmState,
  type VmStatus,
} from '#api';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';

export interface VmParts {
  readonly vm: Document<VmDocument>;
  readonly report: MachineReport | undefined;
  readonly host: HostDocument | undefined;
  readonly hostConnected: boolean;
  /** It is being moved to another host. */
  readonly moves: boolean;
  readonly folderPath: string;
  readonly sample: MachineSample | undefined;
  readonly diskSpaceBytes: number | undefined;
}

const noBeat: VmStatus['heartbeat'] = { state: 'none', lastAt: null, beats: 0 };
const noAdditions: VmStatus['additions'] = {
  state: 'none',
  version: null,
  agentVersion: null,
  functions: {},
};
const nothing: never[] = [];

/** `runningSeconds` is that of the time given; `withRunningTime` brings it up to date. */
export function viewVm(parts: VmParts, nowMs: number): Vm {
  const { vm, report, host, hostConnected, moves, folderPath } = parts;
  const { definition, hostId, folderId, path, generation } = vm.data;
  const state: VmState = hostConnected ? (report?.state ?? 'off') : 'unknown';
  const status = viewStatus(parts, state);
  const isContainer = host?.facts?.hypervisor.class === 'os-level';
  return {
    kind: 'vm',
    id: vm.id,
    uuid: guestUuid(definition),
    name: definition.name,
    state,
    stateNumber: vmStateFacts[state].number,
    standing: judgeStanding({
      state,
      hostAnswers: hostConnected,
      moves,
      template: vm.data.template !== undefined,
      lastFaultCode: report?.lastFault?.code,
    }),
    hostId,
    host: host?.name ?? hostId,
    driver: host?.driver ?? 'unknown',
    hypervisor: host?.facts?.hypervisor.name ?? 'unknown',
    subKind: isContainer ? 'container' : 'machine',
    folderId,
    folder: folderPath,
    path,
    version: vm.version,
    generation,
    template: vm.data.template !== undefined,
    createdAt: vm.createdAt,
    updatedAt: vm.updatedAt,
    definition,
    status: { ...status, runningSeconds: runningSeconds(status.startedAt, nowMs) },
    technique: isContainer
      ? 'container: it shares the kernel of its host'
      : techniqueOf(definition, acceleratorOf(parts), host?.facts?.architecture),
  };
}

/** The same vm with its running time up to date (VM-17). */
export function withRunningTime(vm: Vm, nowMs: number): Vm {
  const seconds = runningSeconds(vm.status.startedAt, nowMs);
  if (seconds === vm.status.runningSeconds) return vm;
  return { ...vm, status: { ...vm.status, runningSeconds: seconds } };
}

function runningSeconds(startedAt: string | null, nowMs: number): number | null {
  if (startedAt === null) return null;
  return Math.max(0, Math.floor((nowMs - Date.parse(startedAt)) / 1000));
}

function viewStatus(parts: VmParts, state: VmState): VmStatus {
  const { vm, report, host, sample, diskSpaceBytes } = parts;
  const live = vmStateFacts[state].live;
  // What passes is believed only while the vm is there to have it.
  const passing = live ? sample : undefined;
  return {
    held: live && (report?.held ?? false),
    since: report?.since ?? vm.createdAt,
    startedAt: live ? (report?.startedAt ?? null) : null,
    runningSeconds: null,
    accelerator: live ? (report?.accelerator ?? null) : null,
    cpuPercent: passing?.cpuPercent ?? null,
    memoryBytes: passing?.memoryBytes ?? null,
    diskSpaceBytes: diskSpaceBytes ?? null,
    diskUse: passing?.diskUse ?? null,
    networkUse: passing?.networkUse ?? null,
    heartbeat: passing?.heartbeat ?? noBeat,
    guestHealth: passing?.guestHealth ?? null,
    additions: passing?.additions ?? noAdditions,
    additionsShipped: host?.facts?.additionsVersion ?? null,
    guest: passing?.guest ?? null,
    forwards: live ? (report?.forwards ?? nothing) : nothing,
    pending: report?.pending ?? nothing,
    snapshots: viewSnapshots(report?.snapshots),
    undo: report?.undo ?? null,
    lastFault: report?.lastFault ?? null,
  };
}

const noSnapshots: VmStatus['snapshots'] = { count: 0, present: null };

function viewSnapshots(snapshots: MachineReport['snapshots'] | undefined): VmStatus['snapshots'] {
  if (snapshots === undefined || snapshots.length === 0) return noSnapshots;
  const present = snapshots.find((snapshot) => snapshot.present)?.name ?? null;
  return { count: snapshots.length, present };
}

function acceleratorOf({ vm, report, host }: VmParts): VmStatus['accelerator'] {
  if (report !== undefined && report.accelerator !== null) return report.accelerator;
  const wanted = vm.data.definition.settings.acceleration;
  if (wanted !== 'auto') return wanted;
  const use = host?.facts?.acceleration.use;
  return use === undefined || use === 'hypervisor' ? null : use;
}

/**
 * HW-54: emulation, full virtualization with hardware support, or paravirtual devices; HW-56: emulation of
 * another architecture.
 */
function techniqueOf(
  definition: VmDefinition,
  accelerator: VmStatus['accelerator'],
  hostArchitecture: string | undefined,
): string {
  if (accelerator === null) return 'not known yet';
  if (accelerator === 'simulated') return 'simulated';
  const architecture = machineArchitectures[definition.hardware.machine];
  if (hostArchitecture !== undefined && architecture !== hostArchitecture)
    return `emulated ${architecture} (slow)`;
  if (accelerator === 'tcg') return 'emulation';
  const { disks, adapters, graphics, scsiController } = definition.hardware;
  const paravirtual =
    graphics.adapter === 'virtio' ||
    adapters.some((adapter) => adapter.model === 'virtio') ||
    disks.some(
      (disk) => disk.bus === 'virtio' || (disk.bus === 'scsi' && scsiController === 'virtio-scsi'),
    );
  return paravirtual ? 'paravirtual devices' : 'full virtualization';
}
