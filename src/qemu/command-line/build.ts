/**
 * From a machine specification to QEMU's argv (QEMU 7.2 and later, the emulator of the chip set's architecture). Golden files in
 * test/golden/qemu show what comes out.
 *
 * Invariant: pure. The same specification gives the same argv; equal parts of two specifications give
 * equal arguments.
 */
import { adapterDevice } from './adapters.ts';
import { bridges, fixedAddress, sharePorts } from './addresses.ts';
import { boardArguments } from './board.ts';
import { bootArguments, bootIndexes, type BootIndexes } from './boot.ts';
import { checkMachine } from './check.ts';
import { identityArguments } from './identity.ts';
import { moduleArguments } from './memory.ts';
import { formatOptions, jsonArgument, type Argument, type JsonFields } from './options.ts';
import { peripheralArguments } from './peripherals.ts';
import { monitorArguments, portArguments } from './ports.ts';
import { shareArguments } from './shares.ts';
import type { MachineSpec } from './spec.ts';
import {
  diskDevice,
  floppyDevice,
  floppyName,
  inheritedArguments,
  opticalDevice,
  sataName,
  scsiDevice,
  type BlockDevice,
} from './storage.ts';

/** The oldest QEMU that understands these arguments. */
export const minimumQemuVersion = { major: 7, minor: 2 } as const;

/**
 * The argv without the program's name, one argument per element.
 * Errors: `invalid` with every setting that is out of bounds among its reasons.
 */
export function buildCommandLine(spec: MachineSpec): string[] {
  checkMachine(spec);
  const indexes = bootIndexes(spec);
  return [
    ...processArguments(spec),
    ...boardArguments(spec),
    ...identityArguments(spec),
    ...bootArguments(spec),
    ...monitorArguments(spec),
    ...moduleArguments(spec),
    ...bridgeDevices(spec).map((device) => jsonArgument('-device', device)),
    ...portArguments(spec),
    ...peripheralArguments(spec),
    ...storageArguments(spec, indexes),
    ...networkArguments(spec, indexes),
    ...shareArguments(spec),
    ...startArguments(spec),
  ].flatMap(([option, value]) => (value === undefined ? [option] : [option, value]));
}

const sandbox = {
  obsolete: 'deny',
  elevateprivileges: 'deny',
  spawn: 'deny',
  resourcecontrol: 'deny',
} as const;

function processArguments(spec: MachineSpec): readonly Argument[] {
  return [
    ['-no-user-config'],
    ['-nodefaults'],
    ['-name', formatOptions(undefined, { guest: spec.name, 'debug-threads': 'on' })],
    ['-msg', 'timestamp=on'],
    ...(spec.sandbox === 'on'
      ? [['-sandbox', formatOptions('on', sandbox)] satisfies Argument]
      : []),
    ...(spec.pidFilePath === undefined ? [] : [['-pidfile', spec.pidFilePath] satisfies Argument]),
    // A guest's crash is an event; what follows is the agent's to decide.
    ['-action', 'panic=none'],
    ...(spec.onReset === 'shutdown' ? [['-action', 'reboot=shutdown'] satisfies Argument] : []),
  ];
}

function bridgeDevices(spec: MachineSpec): readonly JsonFields[] {
  const adapters = spec.adapters
    .filter(({ model }) => model === 'virtio' || model === 'e1000e' || spec.chipset === 'pc')
    .map(({ position }) => position);
  const disks = spec.disks.flatMap(({ attach }) =>
    attach.bus === 'virtio' ? [attach.position] : [],
  );
  const ports = bridges(spec.chipset, adapters, disks);
  return spec.shares === undefined ? ports : [...ports, ...sharePorts(spec.chipset)];
}

function storageArguments(spec: MachineSpec, indexes: BootIndexes): readonly Argument[] {
  const controllers: JsonFields[] = spec.scsiControllers.map((controller) =>
    scsiDevice(spec, controller),
  );
  const onSata = [...spec.disks, ...spec.opticalDrives].some(({ attach }) => attach.bus === 'sata');
  if (onSata && spec.chipset === 'pc') {
    controllers.push({ driver: 'ich9-ahci', id: sataName, ...fixedAddress('pc', 'sata') });
  }
  const devices: BlockDevice[] = [
    ...spec.disks.map((disk) => diskDevice(spec, disk, indexes.get(disk.id))),
    ...spec.opticalDrives.map((drive) => opticalDevice(spec, drive, indexes.get(drive.id))),
  ];
  const { floppyDrive } = spec;
  if (floppyDrive) {
    if (spec.chipset === 'q35') controllers.push({ driver: 'isa-fdc', id: floppyName });
    devices.push(floppyDevice(spec, floppyDrive));
  }
  return [
    ...inheritedArguments(spec),
    ...floppyBootArguments(spec, indexes),
    ...controllers.map((controller) => jsonArgument('-device', controller)),
    ...devices.flatMap(({ nodes, device }) => [
      ...nodes.map((node) => jsonArgument('-blockdev', node)),
      jsonArgument('-device', device),
    ]),
  ];
}

function floppyBootArguments(spec: MachineSpec, indexes: BootIndexes): readonly Argument[] {
  const index = spec.floppyDrive && indexes.get(spec.floppyDrive.id);
  if (index === undefined) return [];
  return [['-global', `driver=isa-fdc,property=bootindexA,value=${index}`]];
}

function networkArguments(spec: MachineSpec, indexes: BootIndexes): readonly Argument[] {
  return spec.adapters.flatMap((adapter) => {
    const { netdev, device } = adapterDevice(spec, adapter, indexes.get(adapter.id));
    const arguments_: Argument[] = netdev ? [jsonArgument('-netdev', netdev)] : [];
    return [...arguments_, jsonArgument('-device', device)];
  });
}

function startArguments(spec: MachineSpec): readonly Argument[] {
  return [
    ...(spec.stateFrom === 'incoming' ? [['-incoming', 'defer'] satisfies Argument] : []),
    ...(spec.start === 'hold' ? [['-S'] satisfies Argument] : []),
  ];
}
