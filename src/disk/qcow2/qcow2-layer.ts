/** An open QCOW2 file: its present state, or one of its internal snapshots for reading. */
import { qemuParent } from '../backing-name.ts';
import type { DiskFile } from '../file/disk-file.ts';
import type { Extent, Finding, Layer, LayerFacts, LayerWriter, ParentReference } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { MetaPages } from '../meta-pages.ts';
import { fileFault } from '../structure.ts';
import { readBitmaps, type Qcow2Bitmap } from './bitmaps.ts';
import { checkQcow2 } from './check.ts';
import { features, type Qcow2Header } from './header.ts';
import { Mapping } from './mapping.ts';
import { Refcounts } from './refcounts.ts';
import { readSnapshots, type Qcow2Snapshot } from './snapshots.ts';
import { Qcow2Writer } from './writer.ts';

export interface Qcow2Parts {
  readonly file: DiskFile;
  readonly header: Qcow2Header;
  readonly fileBytes: number;
  readonly snapshots: readonly Qcow2Snapshot[];
  readonly bitmaps: readonly Qcow2Bitmap[];
  readonly backingPlace: { readonly offset: number; readonly length: number } | undefined;
  /** The internal snapshot that this is a view of. */
  readonly view?: Qcow2Snapshot | undefined;
}

export class Qcow2Layer implements Layer {
  readonly format = 'qcow2';
  readonly file: DiskFile;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly writer: LayerWriter | undefined;
  readonly #parts: Qcow2Parts;
  readonly #pages: MetaPages;
  readonly #mapping: Mapping;
  #refcounts: Refcounts | undefined;
  #header: Qcow2Header;
  #fileEnd: number;

  constructor(parts: Qcow2Parts) {
    const { file, header, view } = parts;
    this.#parts = parts;
    this.#header = header;
    this.file = file;
    this.blockBytes = 2 ** header.clusterBits;
    this.#fileEnd = Math.ceil(parts.fileBytes / this.blockBytes) * this.blockBytes;
    this.parentReference =
      header.backingName === undefined
        ? undefined
        : qemuParent(header.backingName, header.backingFormat);
    this.#pages = new MetaPages(file, {
      format: 'qcow2',
      structure: 'table',
      pageBytes: Math.min(4096, this.blockBytes),
      pastEnd: 'zeros',
    });
    const hasExtendedL2 = (header.incompatible & features.extendedL2) !== 0n;
    this.#mapping = new Mapping({
      file,
      pages: this.#pages,
      clusterBits: header.clusterBits,
      hasExtendedL2,
      hasZeroFlag: header.version === 3 && !hasExtendedL2,
      compression: header.compression,
      l1Offset: view?.l1Offset ?? header.l1Offset,
      l1Entries: view?.l1Entries ?? header.l1Entries,
      unknown: header.backingName === undefined ? 'zero' : 'absent',
      fileEnd: () => this.#fileEnd,
    });
    this.writer = this.#makeWriter();
  }

  get sizeBytes(): number {
    const size = this.#parts.view?.sizeBytes ?? this.#header.sizeBytes;
    return Math.ceil(size / sectorBytes) * sectorBytes;
  }

  extentAt(offset: number, limit: number): Extent | Promise<Extent> {
    return this.#mapping.extentAt(offset, limit);
  }

  describe(): LayerFacts {
    const header = this.#header;
    return {
      variant: `v${header.version}`,
      snapshots: this.#parts.snapshots.map(({ id, name, sizeBytes, createdMs, stateBytes }) => ({
        id,
        name,
        sizeBytes,
        createdMs,
        stateBytes,
      })),
      fields: {
        clusterBytes: this.blockBytes,
        refcountBits: 2 ** header.refcountOrder,
        compression: header.compression,
        dirty: (header.incompatible & features.dirty) !== 0n,
        corrupt: (header.incompatible & features.corrupt) !== 0n,
        extendedL2: (header.incompatible & features.extendedL2) !== 0n,
        lazyRefcounts: (header.compatible & 1n) !== 0n,
        ...(header.backingName === undefined
          ? {}
          : { backingFile: header.backingName, backingFormat: header.backingFormat }),
        bitmaps: this.#parts.bitmaps.map(({ name, granularityBytes, isInUse, isTracking }) => ({
          name,
          granularityBytes,
          isInUse,
          isTracking,
        })),
      },
      remarks: [],
    };
  }

  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    this.#refcounts ??= this.#readRefcounts();
    const image = {
      file: this.file,
      header: this.#header,
      pages: this.#pages,
      refcounts: this.#refcounts,
      fileBytes: this.#fileEnd,
    };
    return checkQcow2(image, report, signal);
  }

  openSnapshot(id: string): Promise<Layer> {
    const view = this.#parts.snapshots.find((one) => one.id === id || one.name === id);
    if (view !== undefined) return Promise.resolve(new Qcow2Layer({ ...this.#parts, view }));
    const place = { format: 'qcow2', structure: 'snapshot table', offset: 0 };
    return Promise.reject(fileFault(this.file, place, `has no snapshot "${id}"`, 'not-found'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #readRefcounts(): Refcounts {
    return new Refcounts({
      file: this.file,
      pages: this.#pages,
      clusterBits: this.#header.clusterBits,
      order: this.#header.refcountOrder,
      place: {
        tableOffset: this.#header.refcountTableOffset,
        tableClusters: this.#header.refcountTableClusters,
      },
      fileClusters: this.#fileEnd / this.blockBytes,
      moveTable: () => Promise.resolve(),
    });
  }

  #makeWriter(): LayerWriter | undefined {
    const { file, view, header, fileBytes, backingPlace } = this.#parts;
    if (file.access !== 'write' || view !== undefined) return undefined;
    const writer = new Qcow2Writer({
      file,
      pages: this.#pages,
      mapping: this.#mapping,
      header,
      fileBytes,
      backingPlace,
      onHeader: (changed) => {
        this.#header = changed;
      },
      onEnd: (end) => {
        this.#fileEnd = Math.max(this.#fileEnd, end);
      },
    });
    this.#refcounts = writer.refcounts;
    return writer;
  }
}

/** Opens the file. Faults: `corrupt`, `unsupported`; `refused` for writing to a file that needs repair. */
export async function openQcow2(file: DiskFile, header: Qcow2Header): Promise<Layer> {
  const fileBytes = await file.size();
  const place = { format: 'qcow2', structure: 'header', offset: 72 };
  if (file.access === 'write') {
    if ((header.incompatible & (features.dirty | features.corrupt)) !== 0n) {
      throw fileFault(
        file,
        place,
        'was not closed cleanly or is corrupt: repair it first',
        'refused',
      );
    }
  }
  const clusterBytes = 2 ** header.clusterBits;
  const perTable = clusterBytes / ((header.incompatible & features.extendedL2) !== 0n ? 16 : 8);
  const needed = Math.ceil(header.sizeBytes / clusterBytes / perTable);
  const end = Math.ceil(fileBytes / clusterBytes) * clusterBytes;
  const l1End = header.l1Offset + header.l1Entries * 8;
  if (header.l1Entries < needed || l1End > end) {
    throw fileFault(
      file,
      { ...place, offset: 36 },
      'its level-1 table is too short or not in the file',
    );
  }
  const tableEnd = header.refcountTableOffset + header.refcountTableClusters * clusterBytes;
  if (tableEnd > end || header.refcountTableClusters === 0) {
    throw fileFault(file, { ...place, offset: 48 }, 'its refcount table is not in the file');
  }
  const { snapshots } = await readSnapshots(file, header);
  const head = Buffer.alloc(20);
  await file.read(head, 0);
  const name = { offset: Number(head.readBigUInt64BE(8)), length: head.readUInt32BE(16) };
  return new Qcow2Layer({
    file,
    header,
    fileBytes,
    snapshots,
    bitmaps: await readBitmaps(file, header),
    backingPlace: header.backingName === undefined ? undefined : name,
  });
}
