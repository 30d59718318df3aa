/**
 * Devices of the host that a definition maps: ports and drives (HW-13, HW-17, HW-50).
 *
 * Invariant: looking never opens a device: to open some is to use them.
 */
import { access, constants } from 'node:fs/promises';
import { placeName, type Hardware } from '#api';

export interface MappedDevice {
  /** COM1, LPT1, or the place of a drive. */
  readonly device: string;
  readonly hostPath: string;
}

/** Those of ports. */
export function mappedPorts({ serialPorts, parallelPort }: Hardware): readonly MappedDevice[] {
  const ports = [
    ...serialPorts.map((port, index) => ({ port, device: `COM${index + 1}` })),
    { port: parallelPort, device: 'LPT1' },
  ];
  return ports.flatMap(({ port, device }) =>
    port.kind === 'device' ? [{ device, hostPath: port.device }] : [],
  );
}

/** Those in drives. */
export function mappedDrives({ opticalDrives, floppy }: Hardware): readonly MappedDevice[] {
  const drives = [
    ...opticalDrives.map((drive) => ({ medium: drive.medium, device: placeName(drive) })),
    { medium: floppy?.medium, device: 'floppy' },
  ];
  return drives.flatMap(({ medium, device }) =>
    medium?.kind === 'device' ? [{ device, hostPath: medium.device }] : [],
  );
}

export function isThere(hostPath: string): Promise<boolean> {
  return access(hostPath, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** Sees devices of a running machine go, each time that one does; those that were never there do not count. */
export class DeviceWatch {
  readonly #onLost: (device: MappedDevice) => void;
  #present: ReadonlySet<string> = new Set();

  constructor(onLost: (device: MappedDevice) => void) {
    this.#onLost = onLost;
  }

  async look(hardware: Hardware): Promise<void> {
    const before = this.#present;
    const present = new Set<string>();
    for (const mapped of [...mappedPorts(hardware), ...mappedDrives(hardware)]) {
      const key = `${mapped.device} ${mapped.hostPath}`;
      if (await isThere(mapped.hostPath)) present.add(key);
      else if (before.has(key)) this.#onLost(mapped);
    }
    this.#present = present;
  }
}
