/**
 * Who a vm of a foreign hypervisor is to Gantry (FED-20): host and UUID together, for good, whatever it is called.
 * The same UUID on two hosts is two vms. The UUID that the guest reads stands in the definition's extension.
 */
import { createHash } from 'node:crypto';
import { maxNameBytes, nameProblem } from '#api';

/** Made of both. */
export function machineId(hostId: string, uuid: string): string {
  return idOf(`gantry foreign vm ${hostId} ${uuid}`);
}

/** Of a snapshot, which its hypervisor knows by its name. */
export function snapshotIdOf(vmId: string, name: string): string {
  return idOf(`gantry foreign snapshot ${vmId} ${name}`);
}

/** A UUID of version 8 (RFC 9562 5.8). */
function idOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest();
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x80, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A name that fits, as near to the given one as can be. */
export function fittingName(name: string, uuid: string): string {
  if (nameProblem(name) === undefined) return name;
  let text = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\]/gu, '_')
    .replace(/^[.-]+/, '_');
  while (Buffer.byteLength(text) > maxNameBytes) text = text.slice(0, -1);
  text = text.trim();
  return nameProblem(text) === undefined ? text : `vm ${uuid}`;
}
