/**
 * Whether disk images can be used. `qemu-img` is asked once for each content of a file: a start asks twice
 * within moments, and most disks are as they were at the last start.
 *
 * Invariants: (1) an image is known by device, inode, size and times of change, so a file that was written
 * or replaced is asked about anew; (2) one with a parent is always asked about, since its parent may have
 * changed; (3) at most `maxKnown` are remembered.
 */
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { inspectImage, type ImageQuery } from '#qemu';

const maxKnown = 4096;

export class ImageChecks {
  /** What was found good, by path. */
  readonly #good = new Map<string, string>();

  /** Errors: as `inspectImage`. */
  async check(qemuImg: string, query: ImageQuery, folders: readonly string[]): Promise<void> {
    const { path, format } = query;
    const mark = `${format} ${identityOf(await stat(path, { bigint: true }))}`;
    if (this.#good.get(path) === mark) return;
    const { backing, otherPaths } = await inspectImage(qemuImg, query, folders);
    if (backing !== undefined || otherPaths.length > 0) return;
    this.#good.delete(path);
    this.#good.set(path, mark);
    const [oldest] = this.#good.keys();
    if (this.#good.size > maxKnown && oldest !== undefined) this.#good.delete(oldest);
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
