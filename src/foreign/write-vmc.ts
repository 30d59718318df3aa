/**
 * Writes a VMC in UTF-16, as the products do: what `parseVmc` reads of it again is what was given. A vm in it has no name:
 * its file has.
 */
import type { ForeignMedium, ForeignPort, WritableMachine } from './machine.ts';

const mib = 1024 * 1024;
const pci = 'hardware/pci_bus';
const superIo = 'hardware/super_io';

interface Branch {
  readonly children: Map<string, Branch>;
  leaf: { readonly type: string; readonly value: string } | undefined;
}

type Put = (path: string, type: 'string' | 'integer' | 'boolean' | 'bytes', value: string) => void;

/** `product`: as the file names who wrote it. */
export function writeVmc(machine: WritableMachine, product: string): Buffer {
  const root: Branch = { children: new Map(), leaf: undefined };
  const put: Put = (path, type, value) => {
    let at = root;
    for (const name of path.split('/')) {
      const next = at.children.get(name) ?? { children: new Map(), leaf: undefined };
      at.children.set(name, next);
      at = next;
    }
    at.leaf = { type, value };
  };
  put('version', 'string', '2.0');
  put('properties/creator/name', 'string', product);
  put('properties/modifier/name', 'string', product);
  if (machine.memoryBytes !== null)
    put('hardware/memory/ram_size', 'integer', `${machine.memoryBytes / mib}`);
  putIdentity(machine, put);
  putDevices(machine, put);
  putAdapters(machine, put);
  if (machine.floppy !== undefined) {
    put(`${superIo}/floppy[0]/auto_detect`, 'boolean', 'false');
    putMedium(`${superIo}/floppy[0]/pathname`, machine.floppy.medium, put);
  }
  for (const [slot, port] of machine.serialPorts.entries())
    putPort(`${superIo}/serial_port[${slot}]`, port, put);
  if (machine.parallelPort !== null)
    putPort(`${superIo}/parallel_port[0]`, machine.parallelPort, put);
  put('hardware/sound_adapter/enable', 'boolean', String(machine.sound !== null));
  if (machine.description !== '') put('settings/notes', 'string', machine.description);
  if (machine.guestOs !== null) put('settings/guest_os', 'string', machine.guestOs);
  const start = ['off', 'if-was-running', 'always'].indexOf(machine.onHostStart ?? '');
  if (start >= 0) put('settings/startup/automatic/type', 'integer', `${start}`);
  const stop = ['save', 'off', 'shutdown'].indexOf(machine.onHostStop ?? '');
  if (stop >= 0) put('settings/shutdown/quit/action', 'integer', `${stop}`);
  for (const [path, value] of Object.entries(machine.kept))
    if (isPath(path)) put(path, 'string', value);
  const body = [...root.children].map(([name, branch]) => write(name, branch, '\t')).join('');
  const text = `<?xml version="1.0" encoding="UTF-16"?>\n<preferences>\n${body}</preferences>\n`;
  return Buffer.from(`\ufeff${text}`, 'utf16le');
}

/** A name of an element, with the id that tells several apart: as paths of settings have them. */
const step = /^([A-Za-z_][\w.-]{0,80})(?:\[([\w.-]{1,40})\])?$/;

function isPath(path: string): boolean {
  return path.split('/').every((name) => step.test(name));
}

function write(name: string, { children, leaf }: Branch, indent: string): string {
  const [, element = name, id] = step.exec(name) ?? [];
  const named = id === undefined ? element : `${element} id="${id}"`;
  if (children.size > 0) {
    const inside = [...children].map(([one, branch]) => write(one, branch, `${indent}\t`)).join('');
    return `${indent}<${named}>\n${inside}${indent}</${element}>\n`;
  }
  const { type = 'string', value = '' } = leaf ?? {};
  return `${indent}<${named} type="${type}">${escape(value)}</${element}>\n`;
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return text.replaceAll(/[&<>]/g, (character) => entities[character] ?? character);
}

function putIdentity(machine: WritableMachine, put: Put): void {
  const { uuid, chassisSerial, assetTag, boardSerial, bootOrder } = machine;
  if (uuid !== null) put('hardware/bios/bios_guid', 'string', `{${uuid.toUpperCase()}}`);
  if (boardSerial !== null) put('hardware/bios/base_board/serial_number', 'string', boardSerial);
  if (assetTag !== null) put('hardware/bios/chassis/asset_tag', 'string', assetTag);
  if (chassisSerial !== null) put('hardware/bios/chassis/serial_number', 'string', chassisSerial);
  if (bootOrder !== null) put('hardware/bios/boot_order', 'string', bootOrder.join(','));
}

function putDevices(machine: WritableMachine, put: Put): void {
  const placeOf = (at: { bus: string; controller: number; position: number }): string =>
    `${pci}/${at.bus}_adapter/${at.bus}_controller[${at.controller}]/location[${at.position}]`;
  for (const disk of machine.disks) {
    const at = placeOf(disk);
    put(`${at}/drive_type`, 'integer', '1');
    putFile(`${at}/pathname`, disk.files[0] ?? '', put);
  }
  for (const drive of machine.drives) {
    const at = placeOf(drive);
    put(`${at}/drive_type`, 'integer', '2');
    putMedium(`${at}/pathname`, drive.medium, put);
  }
}

/** The relative name counts where the absolute one leads nowhere. */
function putFile(path: string, file: string, put: Put): void {
  put(`${path}/absolute`, 'string', file);
  put(`${path}/relative`, 'string', file);
}

function putMedium(path: string, medium: ForeignMedium | null, put: Put): void {
  if (medium?.kind === 'file') putFile(path, medium.file, put);
  else put(`${path}/absolute`, 'string', medium === null ? '' : medium.device);
}

function putAdapters(machine: WritableMachine, put: Put): void {
  const base = `${pci}/ethernet_adapter`;
  put(`${base}/controller_count`, 'integer', `${machine.adapters.length}`);
  for (const [slot, { mac, macOrigin, network }] of machine.adapters.entries()) {
    const own = `${base}/ethernet_controller[${slot}]`;
    put(`${own}/virtual_network/name`, 'string', network ?? '');
    put(`${own}/ethernet_card_address`, 'bytes', (mac ?? '').replaceAll(':', '').toUpperCase());
    put(`${own}/ethernet_card_address_dynamic`, 'boolean', String(macOrigin === 'generated'));
  }
}

function putPort(at: string, port: ForeignPort, put: Put): void {
  const types = { none: '0', file: '1', device: '2', pipe: '3' } as const;
  put(`${at}/port_type`, 'integer', types[port.kind]);
  if (port.kind === 'file') putFile(`${at}/pathname`, port.file, put);
  if (port.kind === 'pipe') put(`${at}/port_name`, 'string', port.name);
  if (port.kind === 'device') put(`${at}/port_name`, 'string', port.device);
}
