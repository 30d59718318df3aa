/**
 * Who a vm of a foreign hypervisor is to Gantry (FED-20): host and UUID together, for good, whatever it is called.
 * The same UUID on two hosts is two vms. The UUID that the guest reads stands in the definition's extension.
 */
import { createHash } from 'node:crypto';

/** Made of both. */
export function machineId(hostId: string, uuid: string): string {
  return foreignId(`gantry foreign vm ${hostId} ${uuid}`);
}

/** A UUID of version 8 (RFC 9562 5.8). */
export function foreignId(text: string): string {
  const bytes = createHash('sha256').update(text).digest();
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x80, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
