/** Chip set, processors, memory, firmware and clock: what exists before any device. */
import { miB } from '#lib';
import { formatOptions, jsonArgument, type Argument, type OptionValue } from './options.ts';
import { chipsetArchitectures } from './spec.ts';
import type { Chipset, ClockSpec, FirmwareSpec, MachineSpec, ProcessorSpec } from './spec.ts';

const codeNode = 'board-firmware-code';
const varsNode = 'board-firmware-vars';

const machineFamilies: Readonly<Record<Chipset, string>> = {
  pc: 'pc-i440fx',
  q35: 'pc-q35',
  virt: 'virt',
};
/** Where a guest asks for sleep; virt has no such states. */
const powerDevices: Readonly<Record<Chipset, string | undefined>> = {
  pc: 'PIIX4_PM',
  q35: 'ICH9-LPC',
  virt: undefined,
};

export function boardArguments(spec: MachineSpec): readonly Argument[] {
  return [
    ...firmwareNodes(spec.firmware),
    ['-machine', formatOptions(machineType(spec), machineOptions(spec))],
    ['-accel', spec.acceleration],
    ['-cpu', formatOptions(processorModel(spec), processorFeatures(spec))],
    ['-smp', formatSmp(spec.processor)],
    ['-m', formatMemory(spec)],
    ['-overcommit', 'mem-lock=off'],
    ['-rtc', formatOptions(undefined, clockOptions(spec))],
    ...sleepArguments(spec),
  ];
}

function machineType(spec: MachineSpec): string {
  if (spec.chipsetVersion === undefined) return spec.chipset;
  return `${machineFamilies[spec.chipset]}-${spec.chipsetVersion}`;
}

function machineOptions(spec: MachineSpec): Readonly<Record<string, OptionValue>> {
  const uefi = spec.firmware.kind === 'uefi' ? spec.firmware : undefined;
  return {
    usb: 'off',
    'dump-guest-core': 'off',
    'gic-version': spec.chipset === 'virt' ? interruptController(spec) : undefined,
    vmport: spec.hypervisorSignature === 'hidden' ? 'off' : undefined,
    smm: uefi?.secureBoot === 'required' ? 'on' : undefined,
    pflash0: uefi && codeNode,
    pflash1: uefi && varsNode,
  };
}

/** The second version, which is QEMU's default, serves eight processors at most. */
function interruptController({ acceleration }: MachineSpec): string {
  return acceleration === 'kvm' ? 'host' : '3';
}

function firmwareNodes(firmware: FirmwareSpec): readonly Argument[] {
  if (firmware.kind === 'bios') return [];
  const node = (name: string, filename: string, readOnly: boolean): readonly Argument[] => {
    const file = `${name}-file`;
    return [
      jsonArgument('-blockdev', {
        'node-name': file,
        driver: 'file',
        filename,
        'read-only': readOnly,
      }),
      jsonArgument('-blockdev', {
        'node-name': name,
        driver: 'raw',
        file,
        'read-only': readOnly,
      }),
    ];
  };
  const secure: readonly Argument[] =
    firmware.secureBoot === 'required'
      ? [['-global', 'driver=cfi.pflash01,property=secure,value=on']]
      : [];
  return [
    ...node(codeNode, firmware.codePath, true),
    ...node(varsNode, firmware.varsPath, false),
    ...secure,
  ];
}

function processorModel(spec: MachineSpec): string {
  const { model } = spec.processor;
  return model === 'host' && spec.acceleration === 'tcg' ? 'max' : model;
}

/** Hidden means: no hypervisor bit and no vendor leaf of either accelerator (HW-37). */
function processorFeatures(spec: MachineSpec): Readonly<Record<string, OptionValue>> {
  const vendorLeaf = spec.acceleration === 'kvm' ? 'kvm' : 'tcg-cpuid';
  const hiding = { hypervisor: 'off', [vendorLeaf]: 'off' };
  const emulatesArm =
    chipsetArchitectures[spec.chipset] === 'aarch64' && processorModel(spec) === 'max';
  return {
    // Signed pointers are slow with the architecture's own algorithm; the guest may use any.
    ...(emulatesArm ? { 'pauth-impdef': 'on' } : {}),
    ...spec.processor.features,
    ...(spec.hypervisorSignature === 'hidden' ? hiding : {}),
  };
}

function formatSmp(processor: ProcessorSpec): string {
  const { count, sockets, cores, threads } = processor;
  const maxcpus = sockets * cores * threads;
  return formatOptions(undefined, { cpus: count, maxcpus, sockets, dies: 1, cores, threads });
}

function formatMemory(spec: MachineSpec): string {
  const { sizeBytes, maxBytes, slots } = spec.memory;
  return formatOptions(undefined, {
    size: `${sizeBytes / miB}M`,
    slots: maxBytes === undefined ? undefined : slots,
    maxmem: maxBytes === undefined ? undefined : `${maxBytes / miB}M`,
  });
}

/** Lost ticks are those of a PC's clock. */
function clockOptions({ clock, chipset }: MachineSpec): Readonly<Record<string, OptionValue>> {
  return { base: clockBase(clock), driftfix: chipset === 'virt' ? undefined : 'slew' };
}

function clockBase(clock: ClockSpec): string {
  switch (clock.kind) {
    case 'utc':
      return 'utc';
    case 'local':
      return 'localtime';
    case 'at':
      return clock.start;
  }
}

/**
 * The clock of a guest that was set away from UTC or from its zone: `offsetSeconds` is what QEMU reported
 * last in RTC_CHANGE, against the base it was started with (HW-49).
 */
export function clockAt(nowMs: number, offsetSeconds: number): ClockSpec {
  const start = new Date(nowMs + offsetSeconds * 1000).toISOString().slice(0, 19);
  return { kind: 'at', start };
}

function sleepArguments(spec: MachineSpec): readonly Argument[] {
  if (spec.guestSleep === 'offered') return [];
  const device = powerDevices[spec.chipset];
  if (device === undefined) return [];
  return [
    ['-global', `driver=${device},property=disable_s3,value=1`],
    ['-global', `driver=${device},property=disable_s4,value=1`],
  ];
}
