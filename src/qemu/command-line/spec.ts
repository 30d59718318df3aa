/**
 * The machine specification: everything one QEMU process needs, in our own words, as plain data. The
 * agent makes it from a vm's definition; `buildCommandLine` turns it into an argv.
 *
 * Invariant: the argv is a pure function of this value. Ids of devices are chosen by the caller, become
 * QEMU's device ids unchanged, and stay the same for the life of the vm; so do positions, from which
 * bus addresses follow, so that a device keeps its address when another one comes or goes (HW-02).
 */
import type {
  Adapter,
  GuestChannel,
  ParallelPort,
  SerialPort,
  Tpm,
  VncServer,
} from './spec-ports.ts';
import type { Disk, FloppyDrive, OpticalDrive, ScsiController } from './spec-storage.ts';

/**
 * `pc` is i440FX with PIIX (HW-03), `q35` is Q35 with ICH9, `virt` is QEMU's own board for aarch64: PCI
 * Express, UEFI, one PL011 serial port, and nothing of a PC.
 */
export const chipsets = ['pc', 'q35', 'virt'] as const;
export type Chipset = (typeof chipsets)[number];

/** As QEMU, libvirt and Linux call them; each has an emulator of its own (HW-56). */
export const architectures = ['x86_64', 'aarch64'] as const;
export type Architecture = (typeof architectures)[number];

export const chipsetArchitectures: Readonly<Record<Chipset, Architecture>> = {
  pc: 'x86_64',
  q35: 'x86_64',
  virt: 'aarch64',
};

/** `kvm` uses the host's processor, `tcg` emulates one in software. */
export const accelerations = ['kvm', 'tcg'] as const;
export type Acceleration = (typeof accelerations)[number];

export interface ProcessorSpec {
  /** Processors present at start: 1 up to sockets × cores × threads; the rest may be plugged in later. */
  readonly count: number;
  readonly sockets: number;
  /** Per socket. */
  readonly cores: number;
  /** Per core. */
  readonly threads: number;
  /**
   * `host`: the real processor under kvm, everything that can be emulated under tcg (HW-05). Anything
   * else is a model by QEMU's name (`qemu64`, `Haswell-v4`), the same on every host.
   */
  readonly model: string;
  /** Processor features switched on or off by QEMU's name, for example `{ vmx: 'off' }`. */
  readonly features?: Readonly<Record<string, 'on' | 'off'>> | undefined;
}

export interface MemorySpec {
  /** At start; a multiple of 1 MiB. */
  readonly sizeBytes: number;
  /** Upper end for memory plugged in later; with `slots`. */
  readonly maxBytes?: number | undefined;
  /** How many memory modules can be plugged in, 1 to 256. */
  readonly slots?: number | undefined;
  /**
   * Modules in the slots at start, beyond `sizeBytes`: a saved state needs those that were plugged in when
   * it was saved. A start from power-on counts them into `sizeBytes` instead.
   */
  readonly modules?: readonly MemoryModuleSpec[] | undefined;
}

export interface MemoryModuleSpec {
  readonly slot: number;
  /** A multiple of 128 MiB. */
  readonly sizeBytes: number;
}

/** Firmware (HW-08). The variables file of UEFI belongs to the vm and is written by it. */
export type FirmwareSpec =
  | { readonly kind: 'bios' }
  | {
      readonly kind: 'uefi';
      /** Read-only code image, raw. */
      readonly codePath: string;
      /** The vm's own copy of the variables template, raw. */
      readonly varsPath: string;
      /** `required` needs q35 and a code image built with it; it protects the variables from the guest. */
      readonly secureBoot: 'off' | 'required';
    };

export interface BootSpec {
  /** Ids of disks, drives and adapters, first to last; what is not listed is not booted from. */
  readonly order: readonly string[];
  /** Tried before all others at this start. `bootIndexes` says how to take it back afterwards. */
  readonly once?: string | undefined;
  /** Shows the firmware's boot menu for this long; absent shows none. */
  readonly menuMs?: number | undefined;
}

/** The graphics adapter (HW-20). */
export const displayModels = ['none', 'standard', 'cirrus', 'virtio'] as const;
export type DisplayModel = (typeof displayModels)[number];

/** The sound device (HW-23). */
export const soundModels = ['none', 'sb16', 'es1370', 'ac97', 'hda'] as const;
export type SoundModel = (typeof soundModels)[number];

/** A USB controller by generation: 1.1 (UHCI), 2.0 (EHCI with companions), 3 (xHCI) (HW-25). */
export const usbGenerations = ['usb1', 'usb2', 'usb3'] as const;
export type UsbGeneration = (typeof usbGenerations)[number];

/** The real-time clock (HW-49). */
export type ClockSpec =
  | { readonly kind: 'utc' }
  | { readonly kind: 'local' }
  /** Starts at this time of day, `2026-03-01T12:00:00` without zone; `clockAt` makes it from an offset. */
  | { readonly kind: 'at'; readonly start: string };

/** What the guest reads from SMBIOS (HW-31, HW-33). */
export interface FirmwareIdentity {
  /** RFC 9562, lower case; default: that of the machine. */
  readonly uuid?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly version?: string | undefined;
  readonly systemSerial?: string | undefined;
  readonly boardSerial?: string | undefined;
  readonly chassisSerial?: string | undefined;
  readonly chassisAssetTag?: string | undefined;
  /** Type 11, in order; at most 32. */
  readonly oemStrings?: readonly string[] | undefined;
}

/** A named blob that the guest finds in its firmware configuration device. Never a secret: it is in the argv. */
export interface FirmwareEntry {
  /** Begins with `opt/`, at most 55 characters. */
  readonly name: string;
  readonly content:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'file'; readonly path: string };
}

/** A folder of the host that the guest can mount (GA-28). */
export interface SharedFolder {
  /** 0 to 3: decides the address. */
  readonly slot: number;
  /** What the guest mounts it by (mount tag); at most 31 characters. */
  readonly name: string;
  readonly access: 'read-only' | 'writable';
}

export interface SharesSpec {
  /** Folder of the links that lead to the shared folders: `shareLinkPath`. */
  readonly linksPath: string;
  readonly folders: readonly SharedFolder[];
}

export interface MachineSpec {
  /** Shown in the process list; 1 to 200 characters without control characters. */
  readonly name: string;
  /** RFC 9562, lower case. */
  readonly uuid: string;
  readonly chipset: Chipset;
  /** The chip set's revision as QEMU counts it (`7.2`). A saved state needs the one it was made with. */
  readonly chipsetVersion?: string | undefined;
  readonly acceleration: Acceleration;
  readonly processor: ProcessorSpec;
  readonly memory: MemorySpec;
  readonly firmware: FirmwareSpec;
  readonly boot: BootSpec;
  /** What becomes of it when its guest resets it: that, or its end. */
  readonly onReset: 'reset' | 'shutdown';
  /** At most four, one per position. */
  readonly scsiControllers: readonly ScsiController[];
  readonly disks: readonly Disk[];
  readonly opticalDrives: readonly OpticalDrive[];
  /** At most one (HW-12). */
  readonly floppyDrive?: FloppyDrive | undefined;
  readonly adapters: readonly Adapter[];
  /** Absent where this QEMU can share no folders. */
  readonly shares?: SharesSpec | undefined;
  /** COM1 and COM2 by `position` (HW-15); virt has the first alone. */
  readonly serialPorts: readonly SerialPort[];
  readonly parallelPort?: ParallelPort | undefined;
  readonly display: DisplayModel;
  /**
   * Of the graphics adapter, in bytes: what a classic card has on board, or what virtio may take of the
   * host for what the guest draws. Absent: as QEMU has it.
   */
  readonly videoMemoryBytes?: number | undefined;
  /** The host's graphics processor draws for the guest; virtio only (HW-22). */
  readonly renderNodePath?: string | undefined;
  readonly vnc?: VncServer | undefined;
  readonly sound: SoundModel;
  /** Each generation at most once. */
  readonly usbControllers: readonly UsbGeneration[];
  /** Puts an absolute pointer on that controller (HW-24). On virt a keyboard is on any controller. */
  readonly tablet?: UsbGeneration | undefined;
  /** Paravirtual extras. */
  readonly balloon: 'none' | 'virtio';
  readonly randomSource: 'none' | 'virtio';
  /** The serial channel of the guest agent. */
  readonly guestChannel?: GuestChannel | undefined;
  readonly tpm?: Tpm | undefined;
  readonly clock: ClockSpec;
  readonly identity: FirmwareIdentity;
  readonly firmwareEntries?: readonly FirmwareEntry[] | undefined;
  /** Changes whenever the vm goes back in time or is cloned; a UUID. */
  readonly generationId?: string | undefined;
  /** Whether the guest may see that it is virtual (HW-37). */
  readonly hypervisorSignature: 'shown' | 'hidden';
  /** Whether the guest may suspend itself to memory or disk (ACPI S3 and S4). */
  readonly guestSleep: 'offered' | 'hidden';
  /** A device through which a guest reports its crash (event GUEST_PANICKED). */
  readonly crashDevice: 'none' | 'pvpanic';
  /** `hold` stops before the first instruction (VM-42). */
  readonly start: 'run' | 'hold';
  /** `incoming` waits for a state by `migrate-incoming`: a restore or a live migration. */
  readonly stateFrom: 'power-on' | 'incoming';
  /** Unix socket on which QEMU listens for the monitor; at most 107 bytes. */
  readonly monitorSocketPath: string;
  readonly pidFilePath?: string | undefined;
  /** QEMU's own system-call filter. `off` only where QEMU was built without it. */
  readonly sandbox: 'on' | 'off';
}
