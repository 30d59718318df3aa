/** Serial and parallel ports of a vm of another product: what they led to is of the other host. */
import type { ForeignMachine, Hardware, PortBackend } from '#api';
import type { ImportNotes } from './import-notes.ts';

type Port = NonNullable<ForeignMachine['parallelPort']>;
type Ports = Pick<Hardware, 'serialPorts' | 'parallelPort'>;

const asSerial = 'lead it elsewhere: gantry vm set, hardware.serialPorts';

export function importPorts(foreign: ForeignMachine, base: Ports, notes: ImportNotes): Ports {
  const serialPorts = foreign.serialPorts.map((port, slot) => serialPort(port, slot, notes));
  return {
    // A console costs nothing where there was no port.
    serialPorts: serialPorts.length === 0 ? base.serialPorts : serialPorts,
    parallelPort:
      foreign.parallelPort === null ? base.parallelPort : parallelPort(foreign.parallelPort, notes),
  };
}

function serialPort(port: Port, slot: number, notes: ImportNotes): PortBackend {
  const name = `serial port ${slot + 1}`;
  switch (port.kind) {
    case 'none':
      notes.carried(name, 'leads nowhere');
      return { kind: 'none' };
    case 'file': {
      const file = ownFile(port.file, `serial-${slot + 1}.txt`);
      notes.changed(name, port.file, `it writes to ${file} in the folder of the vm`, asSerial);
      return { kind: 'file', file };
    }
    case 'pipe':
      notes.changed(name, port.name, 'a pipe of the other host; it is a serial console', asSerial);
      return { kind: 'console' };
    case 'device':
      notes.changed(
        name,
        port.device,
        'a port of the other host; it is a serial console',
        asSerial,
      );
      return { kind: 'console' };
  }
}

function parallelPort(port: Port, notes: ImportNotes): Hardware['parallelPort'] {
  switch (port.kind) {
    case 'none':
      notes.carried('parallel port', 'leads nowhere');
      return { kind: 'none' };
    case 'file': {
      const file = ownFile(port.file, 'parallel.txt');
      notes.changed('parallel port', port.file, `it writes to ${file} in the folder of the vm`);
      return { kind: 'file', file };
    }
    case 'pipe':
    case 'device': {
      const where = port.kind === 'pipe' ? port.name : port.device;
      const remedy = 'name a port of this host: gantry vm set, hardware.parallelPort';
      notes.dropped(`parallel port ${where}`, 'a port of the other host', remedy);
      return { kind: 'none' };
    }
  }
}

/** The last part of a path of another system, as a file in the folder of the vm. */
function ownFile(path: string, otherwise: string): string {
  const last = path.split(/[\\/]/).at(-1) ?? '';
  const plain = last
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 60);
  return plain === '' ? otherwise : plain;
}
