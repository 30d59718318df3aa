/** Whether the host can carry one machine more: pure, the same for every driver (VM-65 to VM-67, VM-78 to VM-80). */
import { findGuest, vmStateFacts, type HostSettings, type StartCheck } from '#api';
import { formatBytes, miB } from '#lib';
import type { MachineFile } from '../machine/record.ts';

export interface HostCapacity {
  readonly totalBytes: number;
  /** As the host's own kernel says. */
  readonly freeBytes: number;
  readonly processors: number;
  readonly settings: HostSettings;
  readonly serviceRunning: boolean;
  /** What is critically low on the host, or undefined (VM-79). */
  readonly low: string | undefined;
}

/** With less, OVMF hands over to a Linux kernel that then has nowhere to unpack itself. */
const uefiMemoryBytes = 256 * miB;

export function isLive(file: MachineFile): boolean {
  return vmStateFacts[file.state].live;
}

/** What a machine takes from its host's memory. */
export function memoryOf(file: MachineFile, settings: HostSettings): number {
  const { hardware } = file.startedWith ?? file.definition;
  return hardware.memory.sizeBytes + settings.memoryOverheadBytes;
}

/**
 * Memory left for further machines: what is neither kept for the host nor promised, and no more than what
 * the kernel has. A machine that was just started has not taken yet what it was promised.
 */
export function freeForMachines(capacity: HostCapacity, live: readonly MachineFile[]): number {
  const { settings, totalBytes, freeBytes } = capacity;
  const promised = live.reduce((sum, file) => sum + memoryOf(file, settings), 0);
  const unpromised = totalBytes - settings.memoryReserveBytes - promised;
  return Math.max(0, Math.min(unpromised, freeBytes - settings.memoryReserveBytes));
}

/** In processors, of machines that are live. */
export function reservedProcessors(live: readonly MachineFile[]): number {
  return live.reduce((sum, file) => sum + reserveOf(file), 0);
}

function reserveOf(file: MachineFile): number {
  const { hardware, resources } = file.startedWith ?? file.definition;
  return (hardware.processor.count * resources.cpuReservePercent) / 100;
}

type Reasons = StartCheck['reasons'];

/** `live` are the other machines that have a process. */
export function judgeAdmission(
  file: MachineFile,
  live: readonly MachineFile[],
  capacity: HostCapacity,
): StartCheck {
  const { settings, totalBytes, processors } = capacity;
  const { hardware, guestOs } = file.definition;
  const { sizeBytes } = hardware.memory;
  const reasons: Reasons = [];
  const warnings: Reasons = [];
  if (!capacity.serviceRunning) {
    const text = 'the virtualization service of the host is stopped';
    reasons.push({ code: 'service-stopped', text, remedy: 'start the host first' });
  }
  if (capacity.low !== undefined) {
    const text = `the host is critically low on ${capacity.low}`;
    reasons.push({ code: 'host-low-resources', text, remedy: 'free some, or choose another host' });
  }
  const free = freeForMachines(capacity, live);
  const needed = sizeBytes + settings.memoryOverheadBytes;
  if (sizeBytes > totalBytes) {
    const text = `the vm wants ${formatBytes(sizeBytes)} of memory, the host has ${formatBytes(totalBytes)}`;
    reasons.push({ code: 'memory-total', text, remedy: 'give the vm less memory' });
  } else if (needed > free) {
    const text = `the vm needs ${formatBytes(needed)} of memory with overhead, ${formatBytes(free)} are free`;
    reasons.push({
      code: 'memory-free',
      text,
      remedy: 'stop another vm or give this one less memory',
    });
  }
  if (hardware.processor.count > processors) {
    const text = `the vm has ${hardware.processor.count} virtual processors, the host ${processors}`;
    reasons.push({ code: 'processors', text, remedy: 'choose fewer processors' });
  }
  const reserved = reservedProcessors(live);
  const wanted = reserveOf(file);
  if (wanted > 0 && reserved + wanted > processors) {
    const text = `${wanted} processors reserved for the vm and ${reserved} for others are more than the host's ${processors}`;
    reasons.push({ code: 'processor-reserve', text, remedy: 'lower a reserve' });
  }
  const { maxRunningVms } = settings;
  if (maxRunningVms !== null && live.length >= maxRunningVms) {
    const text = `${live.length} vms run already and the host's limit is ${maxRunningVms}`;
    reasons.push({ code: 'running-limit', text, remedy: 'stop another vm or raise the limit' });
  }
  if (hardware.firmware.type === 'uefi' && sizeBytes < uefiMemoryBytes) {
    const text = `UEFI firmware with a current guest needs ${formatBytes(uefiMemoryBytes)} of memory, the vm has ${formatBytes(sizeBytes)} and may hang before its guest starts`;
    const remedy = `give it ${formatBytes(uefiMemoryBytes)} or more, or choose the firmware bios`;
    warnings.push({ code: 'firmware-memory', text, remedy });
  }
  const guest = findGuest(guestOs);
  if (guest && guest.maxMemoryBytes !== null && sizeBytes > guest.maxMemoryBytes) {
    const text = `${guest.name} uses at most ${formatBytes(guest.maxMemoryBytes)} of memory`;
    warnings.push({ code: 'guest-memory-limit', text });
  }
  return { ok: reasons.length === 0, reasons, warnings };
}
