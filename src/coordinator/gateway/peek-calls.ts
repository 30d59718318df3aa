/**
 * Bytes of a vm's disks and of its memory. As with libvirt's own QEMU driver a disk must be raw, since a client wants what the guest
 * sees and not what the file is made of; more than that, nothing may write to it then.
 */
import { maxPeekBytes, placeName, type insideReads } from '#api';
import { libvirtFault, type Handlers } from '#libvirt';
import { requireActive, type Connection } from './connection.ts';
import { deviceAt } from './statistics-calls.ts';

type Calls = Pick<Handlers, (typeof insideReads)[number]>;

/** virDomainMemoryFlags. */
const virtual = 1;
const physical = 2;

export function peekCalls(connection: Connection): Calls {
  const { desk, caller } = connection.parts;
  return {
    DOMAIN_BLOCK_PEEK: async ({ dom, path, offset, size, flags }, { signal }) => {
      requireSize(size);
      if (flags !== 0) throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a disk is read as it is');
      const vm = connection.find(dom.uuid);
      const { device } = deviceAt(connection, vm, path);
      if (device.bus === 'fdc' || device.device !== 'disk' || device.format !== 'raw')
        throw libvirtFault(
          'OPERATION_UNSUPPORTED',
          `${device.target} of ${vm.name} is no raw disk: what is in it is read with virsh vol-download, or file by file from a snapshot`,
        );
      if (size === 0) return { buffer: new Uint8Array() };
      const asked = {
        params: { vm: vm.id, place: placeName({ ...device, bus: device.bus }) },
        range: `bytes=${offset}-${offset + BigInt(size) - 1n}`,
      };
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for await (const part of await desk.ask(caller, 'vm.disk.content', asked, signal)) {
        parts.push(part);
        bytes += part.length;
        if (bytes > size) break;
      }
      if (bytes === size) return { buffer: Buffer.concat(parts) };
      throw libvirtFault('INVALID_ARG', `invalid argument: ${device.target} ends before that`);
    },
    DOMAIN_MEMORY_PEEK: async ({ dom, offset, size, flags }, { signal }) => {
      requireSize(size);
      if (flags !== virtual && flags !== physical)
        throw libvirtFault(
          'INVALID_ARG',
          'invalid argument: flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL',
        );
      const vm = connection.find(dom.uuid);
      requireActive(vm);
      if (size === 0) return { buffer: new Uint8Array() };
      const space = flags === virtual ? 'virtual' : 'physical';
      const query = { at: String(offset), bytes: String(size), space };
      const buffer = await desk.ask(caller, 'vm.memory', { params: { vm: vm.id }, query }, signal);
      return { buffer };
    },
  };
}

function requireSize(size: number): void {
  if (size <= maxPeekBytes) return;
  throw libvirtFault('INVALID_ARG', `size too large: ${size} > ${maxPeekBytes}`);
}
