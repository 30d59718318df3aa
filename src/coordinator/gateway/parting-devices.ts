/**
 * Devices that a client has defined away from a vm that runs, which has them until its next start. To libvirt that definition and what
 * runs are two; programs change one, and then the other by detaching the device. Here it is put back for that, which is possible
 * for as long as the connection that has defined it away is there.
 */
import { placeName, type Adapter, type Disk, type Hardware } from '#api';

interface Parting {
  /** As they were before. */
  readonly disks: readonly Disk[];
  readonly adapters: readonly Adapter[];
}

/** Whoever defines more vms at once detaches nothing of the first of them. */
const maxVms = 64;

export class PartingDevices {
  readonly #ofVm = new Map<string, Parting>();

  /** After a vm that runs was defined anew. */
  note(vmId: string, before: Hardware, after: Hardware): void {
    const disks = missingIn(after.disks, before.disks, isSameDisk);
    const adapters = missingIn(after.adapters, before.adapters, isSameAdapter);
    this.#ofVm.delete(vmId);
    if (disks.length + adapters.length > 0) this.#ofVm.set(vmId, { disks, adapters });
    for (const first of [...this.#ofVm.keys()].slice(0, -maxVms)) this.#ofVm.delete(first);
  }

  /** The disks of the definition with the one that has gone from there; undefined: none has. */
  disksWith(vmId: string, { disks }: Hardware, place: string): Disk[] | undefined {
    const disk = this.#ofVm.get(vmId)?.disks.find((one) => placeName(one) === place);
    return disk && [...disks, disk];
  }

  adaptersWith(
    vmId: string,
    { adapters }: Hardware,
    mac: string | undefined,
  ): Adapter[] | undefined {
    const adapter = this.#ofVm.get(vmId)?.adapters.find((one) => one.mac === mac);
    return adapter && [...adapters, adapter];
  }
}

function missingIn<T>(
  after: readonly T[],
  before: readonly T[],
  isSame: (one: T, other: T) => boolean,
): T[] {
  return before.filter((one) => !after.some((other) => isSame(one, other)));
}

function isSameDisk(one: Disk, other: Disk): boolean {
  return placeName(one) === placeName(other) && one.file === other.file;
}

function isSameAdapter(one: Adapter, other: Adapter): boolean {
  return one.slot === other.slot && one.mac === other.mac;
}
