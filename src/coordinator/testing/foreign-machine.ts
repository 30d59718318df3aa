/** A vm of another product, as a host that holds nothing says that it has read it. */
import type { ForeignMachine } from '#api';

/** What every configuration of another product on this host says; one with undo in its name has an undo disk. */
export function foreignMachine(file: string): ForeignMachine {
  const disk = { bus: 'ide', controller: 0, position: 0, format: 'vhd', sizeBytes: 1024 } as const;
  const undo = file.includes('undo') ? { path: `${file}.vud`, format: 'vhd', fileBytes: 1 } : null;
  return {
    product: 'Virtual Server',
    format: 'vmc',
    name: 'old',
    description: '',
    guestOs: null,
    memoryBytes: 64 * 1024 * 1024,
    processors: 1,
    coresPerSocket: null,
    firmware: 'bios',
    secureBoot: false,
    uuid: null,
    chassisSerial: null,
    assetTag: null,
    boardSerial: null,
    scsiModel: null,
    disks: [{ ...disk, named: 'old.vhd', path: file.replace(/\.[^.]*$/, '.vhd'), undo }],
    drives: [],
    floppy: null,
    adapters: [],
    serialPorts: [],
    parallelPort: null,
    bootOrder: null,
    onHostStart: null,
    onHostStop: null,
    acceleration3d: false,
    savedStates: [],
    snapshots: [],
    currentSnapshot: null,
    files: [],
    blocking: [],
    sound: null,
    usb: null,
    clock: 'localtime',
    tpm: false,
    lost: [],
    kept: {},
  };
}
