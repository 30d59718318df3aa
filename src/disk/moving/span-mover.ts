/**
 * Spans of a copy into a new disk that threads move, where all that is in them lies in files of the host as it is, and the
 * target says where they go before they are read. A copy begins without: threads take longer to start than they save of it.
 */
import { miB } from '#lib';
import type { Disk } from '../disk.ts';
import { isZero } from '../zeros.ts';
import { shortestHole, unitOf } from './data-runs.ts';
import { theMover } from './mover.ts';

/** What a copy writes by itself before threads are started for it. */
const beforeThreadsBytes = 64 * miB;
/** What must be left of the disk then: the start of the threads takes 60 ms of a processor, as much as they save of this. */
const worthwhileBytes = 512 * miB;
/** A span that lies in more runs than that is sooner read and written whole. */
const maxRuns = 64;
const peekBytes = 4096;

export class SpanMover {
  readonly #source: Disk;
  readonly #target: Disk;
  readonly #unit: number;
  #writtenBytes = 0;
  #isMoving = false;
  #hasStarted = false;

  /** Until `end`. Undefined where the target does not say where what is written goes. */
  static between(source: Disk, target: Disk): SpanMover | undefined {
    return target.isFillable ? new SpanMover(source, target) : undefined;
  }

  private constructor(source: Disk, target: Disk) {
    this.#source = source;
    this.#target = target;
    this.#unit = unitOf(target);
    theMover().enter();
  }

  /** Whether threads took the last span. */
  get isMoving(): boolean {
    return this.#isMoving;
  }

  /** Counts what the copy writes by itself, up to a place in the disk. */
  count(bytes: number, end: number): void {
    this.#writtenBytes += bytes;
    if (this.#hasStarted || this.#writtenBytes < beforeThreadsBytes) return;
    if (this.#source.sizeBytes - end < worthwhileBytes) return;
    this.#hasStarted = true;
    void theMover().start();
  }

  /** The copy has ended. */
  end(): void {
    theMover().leave();
  }

  /** False, and nothing done: the copy is to do it. Faults: of the host, `corrupt`. */
  async move(offset: number, length: number): Promise<boolean> {
    this.#isMoving = await this.#tryMove(offset, length);
    return this.#isMoving;
  }

  async #tryMove(offset: number, length: number): Promise<boolean> {
    const mover = theMover();
    if (!mover.isReady) return false;
    const runs = await this.#source.plainRuns(offset, length, maxRuns);
    if (runs === undefined || runs.some(({ file }) => file.descriptor === undefined)) return false;
    if (this.#target.layer.file.descriptor === undefined) return false;
    if (!(await this.#needsAllBlocks(offset, length)) || !mover.isReady) return false;
    this.#isMoving = true;
    await this.#target.fill(offset, length, async (place, at) => {
      const inside = runs.flatMap((run) => {
        const start = Math.max(run.offset, at);
        const end = Math.min(run.offset + run.length, at + place.length);
        const fileOffset = run.fileOffset + (start - run.offset);
        return start < end ? [{ ...run, offset: start, length: end - start, fileOffset }] : [];
      });
      const { file, fileOffset } = place;
      await mover.move({
        runs: inside,
        target: file,
        origin: fileOffset - at,
        unit: this.#unit,
      });
    });
    return true;
  }

  /** A block of zeros must not get a place. It is not one when the first bytes of it are not zeros: nearly always. */
  async #needsAllBlocks(offset: number, length: number): Promise<boolean> {
    const { blockBytes } = this.#target;
    if (blockBytes <= shortestHole) return true;
    const bytes = Buffer.allocUnsafe(peekBytes);
    for (
      let at = offset;
      at < offset + length;
      at = (Math.floor(at / blockBytes) + 1) * blockBytes
    ) {
      const head = bytes.subarray(0, Math.min(peekBytes, offset + length - at));
      await this.#source.read(head, at);
      if (isZero(head)) return false;
    }
    return true;
  }
}
