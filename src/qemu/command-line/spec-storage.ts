/**
 * Disks and drives of a machine specification.
 *
 * Invariant: the format of every image and the whole chain of its parents are stated, never read from
 * the file: a guest that writes another header into its raw disk, or an image that names a file of the
 * host as its parent, gains nothing.
 */

/** Formats QEMU opens for a running vm. */
export const imageFormats = ['raw', 'qcow2', 'vmdk', 'vhdx', 'vpc'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** Where the bytes of an image are. */
export type ImageSource =
  | { readonly kind: 'file'; readonly path: string }
  /** A block device of the host. With a `set` the process inherits it open, by that number of a set of descriptors. */
  | { readonly kind: 'device'; readonly path: string; readonly set?: number | undefined }
  /** An export of an NBD server on a Unix socket. */
  | { readonly kind: 'nbd'; readonly socketPath: string; readonly exportName: string };

export interface Image {
  readonly source: ImageSource;
  readonly format: ImageFormat;
  /** The parent this image lies on, itself with its parent; absent means none, whatever the header says. */
  readonly backing?: Image | undefined;
}

/**
 * `none` bypasses the host's page cache, `writeback` uses it, `writethrough` shows the guest a disk without
 * a cache, `unsafe` never flushes (throw-away vms).
 */
export const cacheModes = ['none', 'writeback', 'writethrough', 'unsafe'] as const;
export type CacheMode = (typeof cacheModes)[number];

/** Where a disk or optical drive is connected. */
export type Attachment =
  /** pc only: two channels with two positions each (HW-09). */
  | { readonly bus: 'ide'; readonly channel: number; readonly position: number }
  /** Ports 0 to 5. */
  | { readonly bus: 'sata'; readonly port: number }
  /** `controller` is the position of a ScsiController; targets 0 to 6, on virtio-scsi 0 to 255 (HW-10). */
  | { readonly bus: 'scsi'; readonly controller: number; readonly target: number }
  /** Disks only: positions 0 to 23. */
  | { readonly bus: 'virtio'; readonly position: number };

/** Classic: `lsi53c895a` or `am53c974`; modern: `virtio-scsi` (HW-11). */
export const scsiModels = ['lsi53c895a', 'am53c974', 'virtio-scsi'] as const;
export type ScsiModel = (typeof scsiModels)[number];

export interface ScsiController {
  /** 0 to 3. */
  readonly position: number;
  readonly model: ScsiModel;
}

export interface Disk {
  /** A letter, then letters, digits and hyphens, at most 20; unique in the machine. */
  readonly id: string;
  readonly attach: Attachment;
  readonly image: Image;
  readonly access: 'read-write' | 'read-only';
  readonly cache: CacheMode;
  /** Whether space the guest discards is given back. */
  readonly discard: 'ignore' | 'unmap';
  /** At most 20 printable characters. */
  readonly serial?: string | undefined;
  /** `shared` lets several machines write at once (a cluster file system in the guests). */
  readonly sharing?: 'exclusive' | 'shared' | undefined;
  /** Told to the guest: `solid` shows a disk that does not rotate. Not on virtio. */
  readonly medium?: 'rotating' | 'solid' | undefined;
}

/** What lies in a drive with removable media. */
export type Medium =
  /** A raw image: ISO 9660 or floppy. */
  | { readonly kind: 'image'; readonly path: string }
  /** The host's own drive. */
  | { readonly kind: 'host-drive'; readonly path: string };

export interface OpticalDrive {
  readonly id: string;
  /** ide, sata or scsi. */
  readonly attach: Attachment;
  /** Absent: the drive is empty. */
  readonly medium?: Medium | undefined;
}

/** One 1.44 MB drive (HW-12). */
export interface FloppyDrive {
  readonly id: string;
  readonly medium?: Medium | undefined;
  readonly access: 'read-write' | 'read-only';
}
