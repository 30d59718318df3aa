/** Serial and parallel ports, the guest channel, the TPM, the monitor: everything with a chardev. */
import { fixedAddress } from './addresses.ts';
import {
  chardevName,
  guestChannelName,
  monitorName,
  parallelName,
  serialName,
  tpmName,
} from './names.ts';
import { formatOptions, jsonArgument, type Argument, type OptionValue } from './options.ts';
import type { MachineSpec } from './spec.ts';
import type { GuestChannel, ParallelPort, SerialPort, SerialTarget, Tpm } from './spec-ports.ts';

const listening = { server: 'on', wait: 'off' } as const;

/** The name under which QEMU guest agents look for their channel. */
const guestAgentPort = 'org.qemu.guest_agent.0';

export function portArguments(spec: MachineSpec): readonly Argument[] {
  return [
    ...spec.serialPorts
      .toSorted((a, b) => a.position - b.position)
      .flatMap((port) => serialArguments(spec, port)),
    ...(spec.parallelPort ? parallelArguments(spec.parallelPort) : []),
    ...(spec.guestChannel ? channelArguments(spec, spec.guestChannel) : []),
    ...(spec.tpm ? tpmArguments(spec, spec.tpm) : []),
  ];
}

export function monitorArguments(spec: MachineSpec): readonly Argument[] {
  const id = chardevName(monitorName);
  return [
    chardev('socket', { id, path: spec.monitorSocketPath, ...listening }),
    ['-mon', formatOptions(undefined, { id: monitorName, chardev: id, mode: 'control' })],
  ];
}

function chardev(backend: string, options: Readonly<Record<string, OptionValue>>): Argument {
  return ['-chardev', formatOptions(backend, options)];
}

function serialArguments({ chipset }: MachineSpec, port: SerialPort): readonly Argument[] {
  const name = serialName(port.position);
  const [backend, options] = serialBackend(port.target);
  const log = port.logPath === undefined ? {} : { logfile: port.logPath, logappend: 'on' };
  const id = chardevName(name);
  return [
    chardev(backend, { id, ...options, ...log }),
    // The PL011 is part of the board: it is given what is behind it, by its number.
    chipset === 'virt'
      ? ['-serial', `chardev:${id}`]
      : jsonArgument('-device', {
          driver: 'isa-serial',
          id: name,
          chardev: id,
          index: port.position,
        }),
  ];
}

function serialBackend(
  target: SerialTarget,
): readonly [backend: string, options: Readonly<Record<string, OptionValue>>] {
  switch (target.kind) {
    case 'none':
      return ['null', {}];
    case 'socket':
      return ['socket', { path: target.path, ...listening }];
    case 'file':
      return ['file', { path: target.path, append: 'on' }];
    case 'terminal':
      return ['pty', {}];
    case 'host-device':
      return ['serial', { path: target.path }];
  }
}

function parallelArguments(port: ParallelPort): readonly Argument[] {
  const id = chardevName(parallelName);
  const backend =
    port.kind === 'file'
      ? chardev('file', { id, path: port.path, append: 'on' })
      : chardev('parallel', { id, path: port.path });
  const device = { driver: 'isa-parallel', id: parallelName, chardev: id, index: 0 };
  return [backend, jsonArgument('-device', device)];
}

function channelArguments(spec: MachineSpec, channel: GuestChannel): readonly Argument[] {
  const id = chardevName(guestChannelName);
  const bus = `${guestChannelName}-bus`;
  return [
    jsonArgument('-device', {
      driver: 'virtio-serial-pci',
      id: bus,
      ...fixedAddress(spec.chipset, 'channel'),
    }),
    chardev('socket', { id, path: channel.socketPath, ...listening }),
    jsonArgument('-device', {
      driver: 'virtserialport',
      id: guestChannelName,
      bus: `${bus}.0`,
      nr: 1,
      chardev: id,
      name: guestAgentPort,
    }),
  ];
}

function tpmArguments({ chipset }: MachineSpec, tpm: Tpm): readonly Argument[] {
  const id = chardevName(tpmName);
  const backend = `${tpmName}-emulator`;
  const driver = chipset === 'virt' ? 'tpm-tis-device' : `tpm-${tpm.model}`;
  return [
    chardev('socket', { id, path: tpm.socketPath }),
    ['-tpmdev', formatOptions('emulator', { id: backend, chardev: id })],
    jsonArgument('-device', { driver, id: tpmName, tpmdev: backend }),
  ];
}
