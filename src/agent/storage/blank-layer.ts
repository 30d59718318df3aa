/** Whether a qcow2 layer holds nothing of its own (QEMU, docs/interop/qcow2.txt: the L1 table of the guest's clusters). */
import { open } from 'node:fs/promises';
import { miB } from '#lib';

const magic = 0x514649fb;
const headerBytes = 48;
/** Tables beyond that are of disks of 4 TiB and more, and count as written. */
const maxTableBytes = miB / 16;

/** `false` also where it cannot be told. Never throws. */
export async function isBlankLayer(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const header = Buffer.alloc(headerBytes);
    const { bytesRead } = await handle.read(header, 0, headerBytes, 0);
    if (bytesRead < headerBytes || header.readUInt32BE(0) !== magic) return false;
    const tableBytes = header.readUInt32BE(36) * 8;
    const offset = Number(header.readBigUInt64BE(40));
    if (tableBytes > maxTableBytes || !Number.isSafeInteger(offset)) return false;
    const table = Buffer.alloc(tableBytes);
    const read = await handle.read(table, 0, tableBytes, offset);
    return read.bytesRead === tableBytes && table.every((byte) => byte === 0);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
