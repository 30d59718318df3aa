/**
 * A virtual machine as another product describes it, in words that all of them have in common. What these words
 * cannot say is in `lost`, one entry each: nothing is left out in silence (VM-90).
 */

export const foreignBuses = ['ide', 'sata', 'scsi', 'nvme', 'virtio'] as const;
export type ForeignBus = (typeof foreignBuses)[number];

export interface ForeignPlace {
  readonly bus: ForeignBus;
  readonly controller: number;
  readonly position: number;
}

/** `file` as the configuration names it: relative to its own folder, or a path of the other system. */
export type ForeignMedium =
  | { readonly kind: 'file'; readonly file: string }
  /** A drive of the host that it was on. */
  | { readonly kind: 'device'; readonly device: string };

export interface ForeignDisk extends ForeignPlace {
  /** Names of the disk's file; the first that leads to one counts. */
  readonly files: readonly string[];
  /** Names of an undo disk that may lie on it; empty: none. */
  readonly undoFiles: readonly string[];
  /** Most in a second, reads and writes together; one of more than 32 KiB counts as several. Absent: no limit. */
  readonly operationsPerSecond?: number | undefined;
}

export interface ForeignDrive extends ForeignPlace {
  readonly medium: ForeignMedium | null;
}

export interface ForeignAdapter {
  /** The product's own word. */
  readonly model: string | null;
  /** Lower case, with colons; null where it is to be chosen. */
  readonly mac: string | null;
  /** Who chose the address: a person, or the product itself, which makes a new one for a copy. */
  readonly macOrigin: 'static' | 'generated';
  /** Name of the network; null: not connected. */
  readonly network: string | null;
}

/** Where a serial or parallel port led. */
export type ForeignPort =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly file: string }
  /** A pipe between programs of the other host. */
  | { readonly kind: 'pipe'; readonly name: string }
  /** A port of the other host. */
  | { readonly kind: 'device'; readonly device: string };

export const foreignBootDevices = ['disk', 'cd', 'floppy', 'network'] as const;
export type ForeignBootDevice = (typeof foreignBootDevices)[number];

export interface Lost {
  /** As the product calls it. */
  readonly setting: string;
  /** At most 200 characters. */
  readonly value: string;
  readonly why: string;
  /** Id in the list of devices that no vm can have, where it is one of those (HW-27). */
  readonly device: string | null;
}

export interface ForeignMachine {
  /** VMware, Virtual PC, Virtual Server, VirtualBox; OVF where a package does not tell whose it is. */
  readonly product: string;
  readonly format: 'vmx' | 'vmc' | 'ovf';
  /** Null: the file's name is the vm's. */
  readonly name: string | null;
  readonly description: string;
  /** The product's own word for the guest. */
  readonly guestOs: string | null;
  readonly memoryBytes: number | null;
  readonly processors: number | null;
  readonly coresPerSocket: number | null;
  readonly firmware: 'bios' | 'uefi';
  readonly secureBoot: boolean;
  readonly uuid: string | null;
  readonly chassisSerial: string | null;
  readonly assetTag: string | null;
  readonly boardSerial: string | null;
  /** The product's own word. */
  readonly scsiModel: string | null;
  readonly disks: readonly ForeignDisk[];
  readonly drives: readonly ForeignDrive[];
  /** Undefined: no floppy drive. */
  readonly floppy: { readonly medium: ForeignMedium | null } | undefined;
  readonly adapters: readonly ForeignAdapter[];
  /** COM1 and COM2; further ones are lost. */
  readonly serialPorts: readonly ForeignPort[];
  /** Null: it has none. */
  readonly parallelPort: ForeignPort | null;
  /** Null: as the product has it by itself. */
  readonly bootOrder: readonly ForeignBootDevice[] | null;
  /** What happens when the host starts; null: not said. */
  readonly onHostStart: 'off' | 'always' | 'if-was-running' | null;
  /** What happens when the host stops; null: not said. */
  readonly onHostStop: 'save' | 'shutdown' | 'off' | null;
  readonly acceleration3d: boolean;
  /** Names of a file with its saved state; empty: it has none. */
  readonly savedState: readonly string[];
  readonly sound: 'ac97' | 'hda' | 'sb16' | null;
  readonly usb: '1.1' | '2.0' | '3' | null;
  readonly clock: 'utc' | 'localtime';
  readonly tpm: boolean;
  readonly lost: readonly Lost[];
  /** What is kept of settings that nobody here knows, by their own names (FMT-06). */
  readonly kept: Readonly<Record<string, string>>;
}

/** What a configuration is written from. */
export type WritableMachine = Omit<ForeignMachine, 'product' | 'format' | 'lost' | 'savedState'>;

export const maxLost = 500;
const maxValueLength = 200;

export function lose(
  setting: string,
  value: string,
  why: string,
  device: string | null = null,
): Lost {
  return { setting: setting.slice(0, 200), value: value.slice(0, maxValueLength), why, device };
}
