/**
 * Handles: how libvirt's protocol names objects. A peer trusts what a handle says, so that an answer
 * must carry the object's present name and id, not those of the question.
 */
import { int, string, struct, uuid, type ValueOf } from '../wire/shape.ts';

/** `id` is positive while the domain runs and -1 otherwise. */
export const domain = struct({ name: string, uuid, id: int });
export const network = struct({ name: string, uuid });
export const networkPort = struct({ net: network, uuid });
export const nwfilter = struct({ name: string, uuid });
export const nwfilterBinding = struct({ portdev: string, filtername: string });
/** A network interface of the host. */
export const hostInterface = struct({ name: string, mac: string });
export const storagePool = struct({ name: string, uuid });
/** `key` is unique on the host; for files it is the path. */
export const storageVol = struct({ pool: string, name: string, key: string });
export const nodeDevice = struct({ name: string });
/** `usageType`: 0 none, 1 volume, 2 Ceph, 3 iSCSI, 4 TLS, 5 vTPM. */
export const secret = struct({ uuid, usageType: int, usageID: string });
export const snapshot = struct({ name: string, dom: domain });
export const checkpoint = struct({ name: string, dom: domain });

export type DomainHandle = ValueOf<typeof domain>;
export type NetworkHandle = ValueOf<typeof network>;
export type StoragePoolHandle = ValueOf<typeof storagePool>;
export type StorageVolHandle = ValueOf<typeof storageVol>;
export type NodeDeviceHandle = ValueOf<typeof nodeDevice>;
export type SecretHandle = ValueOf<typeof secret>;
export type SnapshotHandle = ValueOf<typeof snapshot>;
export type CheckpointHandle = ValueOf<typeof checkpoint>;
