/**
 * Uploads of this host. What is given up is swept: by whoever begun it, or when for a day nobody has sent a part, also while no
 * program ran.
 *
 * Invariant: two uploads never have the same name to be, and all together ask for no more space than there is.
 */
import { mkdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { maxUnpackedBytes, maxUploads, uploadIdleMs, type HostUpload, type LinkParams } from '#api';
import { Fault, formatBytes } from '#lib';
import type { IncomingFiles } from '../../drivers/files.ts';
import type { MachineFile } from '../../machine/record.ts';
import { liesBelow, realPath, requireInside } from '../allowed.ts';
import type { DiskFolders } from '../disk-catalogue.ts';
import type { SpaceLimit } from '../disk-work/space-guard.ts';
import { exists } from '../exists.ts';
import { UploadRecords } from './record.ts';
import { Upload, type Finishing, type Part, type UploadTools } from './upload.ts';

const sweepMs = 60 * 60 * 1000;
/** Each has a decoder in memory. */
const maxUnpacking = 8;
const maxDone = 2 * maxUploads;

export interface UploadsOptions {
  readonly folders: DiskFolders;
  /** Where a name without a folder lies. */
  readonly baseFolder: () => string;
  /** Where it is written down which there are. */
  readonly recordFolder: string;
  readonly space: SpaceLimit;
  /** What an archive may unpack to. Default: as the contract says. */
  readonly maxContentBytes?: number;
}

type Begin = LinkParams<'host.upload.begin'>;

export class Uploads implements IncomingFiles {
  readonly #options: UploadsOptions;
  readonly #records: UploadRecords;
  readonly #tools: UploadTools;
  readonly #uploads = new Map<string, Upload>();
  readonly #loaded: Promise<void>;
  /** One is begun after the other: each counts what the others ask for. */
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#records = new UploadRecords(options.recordFolder);
    const { space, maxContentBytes = maxUnpackedBytes } = options;
    this.#tools = { records: this.#records, space, maxContentBytes };
    this.#loaded = this.#load();
    // Told to whoever asks.
    this.#loaded.catch(() => undefined);
    setInterval(() => void this.#sweep().catch(() => undefined), sweepMs).unref();
  }

  async begin(asked: Begin, machines: readonly MachineFile[]): Promise<HostUpload> {
    await this.#loaded;
    const begun = this.#beginning.then(() => this.#begin(asked, machines));
    this.#beginning = begun.catch(() => undefined);
    return await begun;
  }

  async list(): Promise<readonly HostUpload[]> {
    await this.#loaded;
    await this.#sweep();
    return [...this.#uploads.values()].map((upload) => upload.describe());
  }

  async take(id: string, part: Part, signal: AbortSignal): Promise<HostUpload> {
    const upload = await this.#find(id);
    try {
      await upload.take(part, signal);
      return upload.describe();
    } finally {
      await this.#forgetRemoved(upload);
    }
  }

  async finish(
    id: string,
    { file, sha256, replaces, prepare }: Finishing,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
    const upload = await this.#find(id);
    requireFile(upload, file);
    if (upload.record.replaces !== replaces)
      throw new Fault(
        'invalid',
        `the upload was begun ${replaces ? 'for a new file' : 'to replace a file'}`,
        { hint: 'ask for what it was begun for' },
      );
    try {
      const result = await upload.finish({ sha256, prepare }, signal);
      if (result === null) throw new Error('bug: an upload at its end without a result');
      return result;
    } finally {
      await this.#forgetRemoved(upload);
    }
  }

  /**
   * Where the content of one lies that was sent whole and has no name yet; it stays an upload. Errors: `not-found`; as of `finish`, and
   * `invalid` for one that was unpacked on its way.
   */
  async whole(
    id: string,
    { file, sha256 }: { readonly file: string; readonly sha256: string | undefined },
    signal: AbortSignal,
  ): Promise<string> {
    const upload = await this.#find(id);
    requireFile(upload, file);
    try {
      return await upload.whole(sha256, signal);
    } finally {
      await this.#forgetRemoved(upload);
    }
  }

  async stop(id: string): Promise<void> {
    await this.#loaded;
    const upload = this.#uploads.get(id);
    this.#uploads.delete(id);
    await upload?.remove();
  }

  /** One whose content was none of what it was to be has removed itself. */
  async #forgetRemoved({ record: { id } }: Upload): Promise<void> {
    if (!(await this.#records.isThere(id))) this.#uploads.delete(id);
  }

  async #find(id: string): Promise<Upload> {
    await this.#loaded;
    const upload = this.#uploads.get(id);
    if (upload !== undefined) return upload;
    throw new Fault('not-found', 'there is no such upload any more', { hint: 'begin it anew' });
  }

  async #begin(asked: Begin, machines: readonly MachineFile[]): Promise<HostUpload> {
    const known = this.#uploads.get(asked.id);
    if (known !== undefined) return known.describe();
    await this.#sweep();
    const file = await this.#placeOf(asked, machines);
    const { id, sizeBytes, replaces, packing, fingerprint, owner } = asked;
    const open = [...this.#uploads.values()].filter(({ record }) => record.state !== 'done');
    const same = open.find(({ record }) => record.file === file);
    if (same !== undefined) {
      const { record } = same;
      const isSame =
        record.owner === owner &&
        record.sizeBytes === sizeBytes &&
        record.replaces === replaces &&
        record.packing === packing &&
        record.fingerprint === fingerprint;
      if (isSame) return same.describe();
      throw new Fault('refused', `${file} is being sent already, with another content`, {
        facts: { upload: record.id },
        hint: 'choose another name, or give the other upload up first',
      });
    }
    await this.#requireFree(file, open, asked);
    const now = Date.now();
    const upload = new Upload(
      {
        id,
        file,
        sizeBytes,
        replaces,
        packing,
        fingerprint,
        owner,
        begunMs: now,
        usedMs: now,
        receivedBytes: 0,
        state: 'open',
        result: null,
      },
      this.#tools,
    );
    if (asked.work === 'check') return upload.describe();
    await this.#records.write(upload.record);
    this.#uploads.set(id, upload);
    return upload.describe();
  }

  /** Its path with all links followed. Errors: `forbidden`, `not-found`, `exists`. */
  async #placeOf(
    { file: wanted, replaces }: Begin,
    machines: readonly MachineFile[],
  ): Promise<string> {
    const { baseFolder, folders } = this.#options;
    if (!wanted.startsWith('/')) await mkdir(baseFolder(), { recursive: true, mode: 0o711 });
    const path = wanted.startsWith('/') ? wanted : join(baseFolder(), wanted);
    await requireInside(path, folders.listed());
    const folder = await realPath(dirname(path));
    const isFolder = await stat(folder).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder)
      throw new Fault('not-found', `there is no folder ${dirname(path)}`, {
        hint: 'choose one that is there, or a name alone',
      });
    const file = join(folder, basename(path));
    for (const machine of machines)
      if (liesBelow(file, await realPath(machine.folder)))
        throw new Fault('forbidden', `${folder} is the folder of a vm`, {
          hint: 'choose another one; a disk is attached from wherever vms may use files',
        });
    const isThere = await exists(file);
    if (isThere === replaces) return file;
    if (replaces)
      throw new Fault('not-found', `there is no ${file} to replace`, {
        hint: 'make a new file of it',
      });
    throw new Fault('exists', `${file} is there already`, { hint: 'choose another name' });
  }

  async #requireFree(
    file: string,
    open: readonly Upload[],
    { sizeBytes: askedBytes, packing }: Begin,
  ): Promise<void> {
    const unpacking = open.filter(({ record }) => record.packing !== 'none').length;
    if (open.length >= maxUploads || (packing !== 'none' && unpacking >= maxUnpacking))
      throw new Fault('exhausted', `${open.length} files are on their way to this host`, {
        hint: 'finish or give up one of them first',
      });
    // Where nobody knows it, the space is watched while it comes, as always.
    const sizeBytes = askedBytes ?? 0;
    const { bavail, bsize } = await statfs(dirname(file));
    const others = open.reduce((sum, { missingBytes }) => sum + missingBytes, 0);
    const least = this.#options.space.keepFreeBytes();
    const freeBytes = bavail * bsize;
    if (freeBytes >= sizeBytes + others + least) return;
    throw new Fault(
      'exhausted',
      `${formatBytes(sizeBytes)} do not fit: ${formatBytes(freeBytes)} are free, ${formatBytes(others)} are for other uploads, ${formatBytes(least)} are kept`,
      {
        facts: { freeBytes, keepFreeBytes: least, sizeBytes },
        hint: 'free space on the volume, or choose another folder',
      },
    );
  }

  async #load(): Promise<void> {
    for (const record of await this.#records.read())
      this.#uploads.set(record.id, new Upload(record, this.#tools));
    await this.#sweep();
  }

  /** Removes what nobody goes on with, and forgets what came long ago. */
  async #sweep(): Promise<void> {
    const now = Date.now();
    const all = [...this.#uploads.values()];
    const done = all.filter(({ record }) => record.state === 'done');
    const surplus = new Set(done.slice(0, Math.max(0, done.length - maxDone)));
    for (const upload of all) {
      const { id, usedMs } = upload.record;
      // A clock that was set back is no reason to keep it for ever.
      const isIdle = Math.abs(now - usedMs) > uploadIdleMs;
      if (!isIdle && !surplus.has(upload)) continue;
      this.#uploads.delete(id);
      await upload.remove();
    }
  }
}

function requireFile({ record }: Upload, file: string): void {
  if (record.file === file) return;
  throw new Fault('invalid', `the upload is to become ${record.file}, not ${file}`);
}
