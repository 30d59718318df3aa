/**
 * Metadata of an open file in memory: tables and bitmaps, by page, a bounded number of them.
 *
 * Invariants
 * 1. A changed page is in memory until a commit has written it, not only taken it; only clean pages are dropped.
 * 2. `commit` writes pages phase by phase with a sync before each, so that whatever a page of a later
 *    phase refers to (data, or a page of an earlier phase) is durable before it.
 * 3. `commit` writes pages as they were when it began. A change made while it runs may refer to data that
 *    its syncs do not cover, and waits for the next one.
 *
 * States of a page: clean -change-> dirty(phase) -take-> taken -put-> clean; a change makes a taken page dirty
 * again. A page keeps its first phase until then, hence the formats' rule: a page is of phase n when it refers to
 * nothing of phase n or later. With a journal (page-journal.ts) it begins with what an earlier program has noted
 * there, as dirty pages.
 */
import { assert } from '#lib';
import type { DiskFile } from './file/disk-file.ts';
import { maxDirtyBytes, pageCacheBytes } from './limits.ts';
import type { NotedTable, PageJournal } from './page-journal.ts';
import { fileFault } from './structure.ts';

interface Page {
  readonly bytes: Buffer;
  phase: number | undefined;
}

export interface MetaPagesOptions {
  readonly format: string;
  readonly structure: string;
  readonly pageBytes: number;
  /** Bytes of clean pages kept. */
  readonly cacheBytes?: number;
  /** `zeros`: what lies past the end of the file reads as zeros; otherwise it is corrupt. */
  readonly pastEnd?: 'zeros' | 'corrupt';
  /** Of a disk whose writes are not lost with the program. No page of it is ever dropped. */
  readonly journal?: PageJournal | undefined;
}

export class MetaPages implements NotedTable {
  readonly #file: DiskFile;
  readonly #options: MetaPagesOptions;
  readonly #limit: number;
  #pages = new Map<number, Page>();
  #loading = new Map<number, Promise<void>>();
  #dirty = new Set<number>();
  /** Taken by a commit and not in the file yet, with their phases. */
  #taken = new Map<number, number>();
  /** Changed since they were noted; of a disk with a journal. */
  #changed = new Set<number>();

  constructor(file: DiskFile, options: MetaPagesOptions) {
    this.#file = file;
    this.#options = options;
    this.#limit = Math.max(
      4,
      Math.ceil((options.cacheBytes ?? pageCacheBytes) / options.pageBytes),
    );
    this.restore(options.journal?.adopt(this) ?? []);
  }

  get label(): string {
    return `${this.#file.identity} ${this.#options.structure} ${this.#options.pageBytes}`;
  }

  get isClean(): boolean {
    return this.#dirty.size === 0 && this.#taken.size === 0;
  }

  takeChanged(): readonly TakenPage[] {
    const changed = this.#pagesAt(this.#changed);
    this.#changed.clear();
    return changed;
  }

  unwritten(): readonly TakenPage[] {
    return this.#pagesAt(new Set([...this.#taken.keys(), ...this.#dirty]));
  }

  /** Where the pages lie that are not in the file yet. */
  get dirtyOffsets(): ReadonlySet<number> {
    return this.#dirty;
  }

  get pageBytes(): number {
    return this.#options.pageBytes;
  }

  get dirtyBytes(): number {
    return this.#dirty.size * this.#options.pageBytes;
  }

  /** Whether so much has been changed that the owner should commit soon. */
  get isFull(): boolean {
    return this.dirtyBytes >= maxDirtyBytes;
  }

  /** The page if it is in memory. Not to be kept across an await, not to be changed. */
  peek(pageOffset: number): Buffer | undefined {
    return this.#pages.get(pageOffset)?.bytes;
  }

  /** Calls `use` with the page in memory; it must be synchronous and must not change the page. */
  async with<T>(pageOffset: number, use: (bytes: Buffer) => T): Promise<T> {
    for (;;) {
      const page = this.#pages.get(pageOffset);
      if (page !== undefined) return use(page.bytes);
      await this.#load(pageOffset);
    }
  }

  /** Calls `change` with the page in memory and marks it dirty. */
  async change(pageOffset: number, phase: number, change: (bytes: Buffer) => void): Promise<void> {
    for (;;) {
      const page = this.#pages.get(pageOffset);
      if (page !== undefined) {
        change(page.bytes);
        this.#mark(pageOffset, page, phase);
        return;
      }
      await this.#load(pageOffset);
    }
  }

  /** A new page of zeros that is not read from the file, changed and marked in one step. */
  create(pageOffset: number, phase: number, change: (bytes: Buffer) => void): void {
    const page: Page = { bytes: Buffer.alloc(this.#options.pageBytes), phase: undefined };
    change(page.bytes);
    this.#insert(pageOffset, page);
    this.#mark(pageOffset, page, phase);
  }

  /** Forgets a page whose place in the file has been given up. */
  drop(pageOffset: number): void {
    assert(this.#options.journal === undefined, 'what was noted is not given up');
    this.#pages.delete(pageOffset);
    this.#dirty.delete(pageOffset);
  }

  /** See invariants 2 and 3. `syncFirst` covers data written before the call. */
  async commit(): Promise<void> {
    const taken = this.take();
    try {
      await this.#file.sync();
      await this.put(taken);
    } catch (error) {
      this.restore(taken);
      throw error;
    }
  }

  /** The dirty pages as they are now, by phase, to be put or restored. */
  take(): readonly TakenPage[] {
    this.#options.journal?.append();
    const taken: TakenPage[] = [];
    for (const offset of this.#dirty) {
      const page = this.#pages.get(offset);
      assert(page?.phase !== undefined, 'a dirty page has a phase and is in memory');
      taken.push({ offset, phase: page.phase, bytes: Buffer.from(page.bytes) });
      this.#taken.set(offset, page.phase);
      page.phase = undefined;
    }
    this.#dirty.clear();
    return taken.sort((a, b) => a.phase - b.phase || a.offset - b.offset);
  }

  /** Writes taken pages with a sync after each phase. On a failure they are dirty again. */
  async put(taken: readonly TakenPage[]): Promise<void> {
    try {
      for (let at = 0; at < taken.length;) {
        const phase = taken[at]?.phase;
        while (at < taken.length && taken[at]?.phase === phase) {
          let end = at + 1;
          while (
            end < taken.length &&
            taken[end]?.phase === phase &&
            taken[end]?.offset === (taken[end - 1]?.offset ?? 0) + this.pageBytes &&
            end - at < 256
          ) {
            end += 1;
          }
          const run = taken.slice(at, end);
          const bytes = run.length === 1 ? run[0]?.bytes : Buffer.concat(run.map((p) => p.bytes));
          assert(bytes !== undefined, 'a run of pages is not empty');
          await this.#file.write(bytes, run[0]?.offset ?? 0);
          at = end;
        }
        await this.#file.sync();
      }
      for (const { offset } of taken) this.#taken.delete(offset);
    } catch (error) {
      this.restore(taken);
      throw error;
    }
    this.#evict();
  }

  /** Makes taken pages dirty again: they could not be written, or not by the program that had them. */
  restore(taken: readonly TakenPage[]): void {
    for (const { offset, phase, bytes } of taken) {
      this.#taken.delete(offset);
      const page = this.#pages.get(offset) ?? { bytes, phase: undefined };
      this.#pages.set(offset, page);
      this.#mark(offset, page, phase);
      page.phase = Math.min(phase, page.phase ?? phase);
    }
  }

  #mark(pageOffset: number, page: Page, phase: number): void {
    page.phase ??= phase;
    this.#dirty.add(pageOffset);
    if (this.#options.journal === undefined) return;
    this.#changed.add(pageOffset);
    this.#options.journal.note(this);
  }

  #pagesAt(offsets: ReadonlySet<number>): readonly TakenPage[] {
    const pages: TakenPage[] = [];
    for (const offset of offsets) {
      const page = this.#pages.get(offset);
      const phase = page?.phase ?? this.#taken.get(offset);
      if (page !== undefined && phase !== undefined)
        pages.push({ offset, phase, bytes: page.bytes });
    }
    return pages;
  }

  #insert(pageOffset: number, page: Page): void {
    this.#pages.delete(pageOffset);
    this.#pages.set(pageOffset, page);
    this.#evict();
  }

  #evict(): void {
    if (this.#pages.size <= this.#limit) return;
    let left = this.#pages.size - this.#limit;
    for (const [offset, page] of this.#pages) {
      if (left <= 0) break;
      if (page.phase !== undefined || this.#taken.has(offset)) continue;
      this.#pages.delete(offset);
      left -= 1;
    }
  }

  async #load(pageOffset: number): Promise<void> {
    let loading = this.#loading.get(pageOffset);
    if (loading === undefined) {
      loading = this.#read(pageOffset).finally(() => this.#loading.delete(pageOffset));
      this.#loading.set(pageOffset, loading);
    }
    await loading;
  }

  async #read(pageOffset: number): Promise<void> {
    const bytes = Buffer.alloc(this.#options.pageBytes);
    const count = await this.#file.read(bytes, pageOffset);
    if (count < bytes.length && this.#options.pastEnd !== 'zeros') {
      const { format, structure } = this.#options;
      throw fileFault(
        this.#file,
        { format, structure, offset: pageOffset },
        'lies past the end of the file',
      );
    }
    if (!this.#pages.has(pageOffset)) this.#insert(pageOffset, { bytes, phase: undefined });
  }
}

export interface TakenPage {
  readonly offset: number;
  readonly phase: number;
  readonly bytes: Buffer;
}
