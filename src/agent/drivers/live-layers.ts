/** What a process does with the layers of its disks while it runs (docs/rfd/0023). Files are named as in `Layers`. */
import type { Disk } from '#api';
import type { Layer } from '../machine/layers/layers.ts';

export interface OpenTop {
  /** Absolute. */
  readonly path: string;
  /** As the guest sees the disk. */
  readonly sizeBytes: number;
}

/** A file that is to be put on top of a disk; it names the present one as its parent. */
export interface LiveTop {
  readonly disk: Disk;
  readonly layer: string;
}

export interface LiveTake {
  readonly tops: readonly LiveTop[];
  /** `guest`: its agent flushes file systems and holds them still. Errors: `unavailable` without one. */
  readonly quiesce: 'guest' | 'no';
  /** Where memory and devices go, and beside it what they belong to; null: disks only. */
  readonly memoryPath: string | null;
  /** What belongs to the same instant: the guest stands still for it, and for as long as it takes. */
  readonly atRest: (() => Promise<void>) | null;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
}

export interface LiveTaken {
  /** Null: disks only. */
  readonly memoryBytes: number | null;
}

export interface OpenMerge {
  readonly disk: Disk;
  readonly upper: string;
  /** Below it, with nothing else on it. */
  readonly lower: string;
  /** What lies on the upper one; undefined where that is the top. */
  readonly above: string | undefined;
  /** The most that it takes, bytes per second, 0: no limit; asked again while it is under way. */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
  /** The guest is about to stand still, where it writes what is merged. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the lower file; until this is answered the upper one holds all that the disk holds. */
  readonly moved: () => Promise<void>;
}

export interface OpenMirror {
  /** As the record names it. */
  readonly disk: Disk;
  /** A new file of the disk's size, in the format of its top. */
  readonly to: string;
  /** Where something lies below the disk's top: copies of that, from the top down, and what stays and the lowest of them lies on. */
  readonly below:
    | {
        readonly copies: readonly Pick<Layer, 'file' | 'format'>[];
        readonly kept: string | undefined;
      }
    | undefined;
  /** As for a merge. */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  /** Whether the copy is to go on when the signal has ended the wait for it. */
  readonly goesOn: () => boolean;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
  /** The guest is about to stand still. */
  readonly beforeMove: () => Promise<void>;
  /** The disk goes on in the new file; until this is answered the old one holds all that the disk holds. */
  readonly moved: () => Promise<void>;
}

/** A file below the top, which has another inode of the same content by now. */
export interface OpenReplacement {
  readonly disk: Disk;
  readonly layer: Pick<Layer, 'file' | 'format'>;
  readonly above: Pick<Layer, 'file' | 'format'>;
  readonly below: string | null;
}

export interface LiveLayers {
  /** What each of the disks is on at this moment. Errors: `not-found` where one is not plugged in. */
  readTop(disk: Disk): Promise<OpenTop>;
  /** Whether the file is open, on top of the disk or below it. */
  isOpen(disk: Disk, file: string): Promise<boolean>;
  /**
   * Puts the files on top of their disks, all at one instant, which is that of the memory as well. A guest that ran
   * runs again afterwards, also after an error; file systems are let go in any case.
   */
  take(take: LiveTake): Promise<LiveTaken>;
  /** Whether somebody in the guest would hold its file systems still. Errors: `unavailable` where nobody answers. */
  reachGuest(signal: AbortSignal): Promise<void>;
  /** Lets go of file systems that an agent before this one had the guest hold still. */
  thaw(): Promise<void>;
  /**
   * What the process wrote into a file of a disk, on which something lies by now, is in it, and no more comes without a
   * merge: its seal may be read.
   */
  letGo(disk: Disk, file: string): Promise<void>;
  /** Closes a file that was opened to be put on top and was not. */
  close(disk: Disk, file: string): Promise<void>;
  /** Goes on with one that an agent before this one began. Errors: `exhausted`, `cancelled`; the files stay apart. */
  merge(merge: OpenMerge): Promise<void>;
  /**
   * Copies what is on top of a disk to another file, and switches over. Goes on with a copy to that file that an agent before this
   * one began. Errors: `exhausted`, `cancelled`; the disk stays where it is.
   */
  mirror(mirror: OpenMirror): Promise<void>;
  /** Whether such a copy is under way. */
  isMirroring(disk: Disk, to: string): Promise<boolean>;
  /** Ends it, if there is one, and closes the files, from the top down. */
  endMirror(disk: Disk, files: readonly string[]): Promise<void>;
  /** Whether the disk is on that file now. */
  isOn(disk: Disk, file: string): Promise<boolean>;
  /** The disk, as it is in the record, has moved: its new file is from now on as that of any other disk. Can be done again. */
  goOn(disk: Disk): Promise<void>;
  /** Nothing has the files open any more, from the top down, that the disk, as it is now, has left. Can be done again. */
  leave(disk: Disk, files: readonly string[]): Promise<void>;
  /** Goes on with the file that has the name now. Can be done again. */
  replace(replacement: OpenReplacement): Promise<void>;
}
