/** How machines of this host come to another place, or why they do not. */
import { Fault } from '#lib';
import type { Copies, Travel } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';

/** Errors: `unsupported` with the reason of the driver. */
export function travelOf({ driver: { storage, name, missing } }: Host): Travel {
  if (storage.travel !== undefined) return storage.travel;
  throw new Fault('unsupported', missing.move ?? `a ${name} host moves no vms`);
}

/** Errors: the same. */
export function copiesOf({ driver: { storage, name, missing } }: Host): Copies {
  if (storage.copies !== undefined) return storage.copies;
  throw new Fault('unsupported', missing.clone ?? `a ${name} host copies no vms`);
}
