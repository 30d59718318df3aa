/**
 * Files on their way to a hypervisor: one upload of the contract for each, in memory. They outlive a loss of the connection, not this
 * process.
 *
 * Invariants: (1) two uploads never have the same volume; (2) nothing is written into a volume that a vm has or that another
 * one stands on.
 */
import {
  maxUploads,
  uploadIdleMs,
  type HostUpload,
  type LinkParams,
  type LinkResult,
  type MachineRecord,
} from '#api';
import { Fault, type Clock } from '#lib';
import type { Client } from '#libvirt';
import { chainOf, childrenOf, byPath, listVolumes } from '../make/list-volumes.ts';
import { Volumes } from '../make/volumes.ts';
import type { ForeignMachines } from '../machines.ts';
import { describeVolume, requireVolume } from './outgoing.ts';
import { VolumeUpload, type BegunUpload, type Part } from './volume-upload.ts';

type Begin = LinkParams<'host.upload.begin'>;
type Finish = Extract<LinkParams<'host.disk.work'>['work'], { verb: 'upload' }>;

export interface IncomingTools {
  readonly clock: Clock;
  readonly machines: ForeignMachines;
  /** One more connection, for one transfer. */
  readonly connect: (signal: AbortSignal) => Promise<Client>;
}

const maxDone = 2 * maxUploads;

export class IncomingVolumes implements AsyncDisposable {
  readonly #tools: IncomingTools;
  readonly #uploads = new Map<string, VolumeUpload>();
  /** One is begun after the other: each looks at the others. */
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(tools: IncomingTools) {
    this.#tools = tools;
  }

  /**
   * Begins one, or answers the one that the same owner has begun with the same words. Errors: `unsupported` for what is packed;
   * `not-found`, `exists`, `exhausted`; `refused`, with `vmIds` among its facts where vms have the volume.
   */
  async begin(client: Client, asked: Begin, signal: AbortSignal): Promise<HostUpload> {
    const begun = this.#beginning.then(() => this.#begin(client, asked, signal));
    this.#beginning = begun.catch(() => undefined);
    return await begun;
  }

  async list(): Promise<HostUpload[]> {
    await this.#sweep();
    return [...this.#uploads.values()].map((upload) => upload.describe());
  }

  /** Resolves when it has gone to the hypervisor. Errors: `not-found`, `stale`, `invalid`; the hypervisor's. */
  async take(id: string, part: Part, signal: AbortSignal): Promise<HostUpload> {
    const upload = this.find(id);
    await upload.take(part, signal);
    return upload.describe();
  }

  /** Errors: `not-found`, `refused` before all has come; `invalid` for another checksum. */
  async finish(work: Finish, signal: AbortSignal): Promise<LinkResult<'host.disk.work'>['answer']> {
    const upload = this.requireFor(work);
    try {
      const result = await upload.finish(work.sha256, signal);
      return { path: upload.file, ...result };
    } finally {
      if (upload.isGone) this.#uploads.delete(upload.id);
    }
  }

  /** Errors: `not-found`, `invalid` for one that is to become something else. */
  requireFor({ upload: id, file, replaces = false }: Finish): VolumeUpload {
    const upload = this.find(id);
    if (upload.file !== file)
      throw new Fault('invalid', `the upload is to become ${upload.file}, not ${file}`);
    if (upload.replaces !== replaces)
      throw new Fault(
        'invalid',
        `the upload was begun ${upload.replaces ? 'to replace a file' : 'for a new file'}`,
        { hint: 'ask for what it was begun for' },
      );
    return upload;
  }

  /** A new volume is deleted; one that was there stays with what has come into it. */
  async stop(id: string): Promise<void> {
    const upload = this.#uploads.get(id);
    this.#uploads.delete(id);
    await upload?.remove();
  }

  find(id: string): VolumeUpload {
    const upload = this.#uploads.get(id);
    if (upload !== undefined) return upload;
    throw new Fault('not-found', 'there is no such upload any more', { hint: 'begin it anew' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.close()));
  }

  async #begin(client: Client, asked: Begin, signal: AbortSignal): Promise<HostUpload> {
    const known = this.#uploads.get(asked.id);
    if (known !== undefined) return known.describe();
    await this.#sweep();
    if (asked.packing !== 'none')
      throw new Fault('unsupported', 'nothing is unpacked on a libvirt host', {
        hint: 'unpack it before, or send it as it is: --packed',
      });
    const volumes = new Volumes(client);
    const file = await volumes.resolve(asked.file, signal);
    const open = [...this.#uploads.values()].filter(({ isOpen }) => isOpen);
    const same = open.find((upload) => upload.file === file);
    if (same?.isBegunAs(asked) === true) return same.describe();
    if (same !== undefined)
      throw new Fault('refused', `${file} is being sent already, with another content`, {
        facts: { upload: same.id },
        hint: 'choose another name, or give the other upload up first',
      });
    if (open.length >= maxUploads)
      throw new Fault('exhausted', `${open.length} files are on their way to this host`, {
        hint: 'finish or give up one of them first',
      });
    const { replaces, sizeBytes } = asked;
    const before = await this.#judge(client, file, asked, signal);
    const upload = new VolumeUpload({ ...asked, ...before, file }, this.#tools);
    if (asked.work === 'check') return upload.describe();
    if (!replaces) await volumes.make({ file, format: 'raw', sizeBytes: sizeBytes ?? 0 }, signal);
    this.#uploads.set(asked.id, upload);
    return upload.describe();
  }

  /** Errors: as of `begin`. */
  async #judge(
    client: Client,
    file: string,
    { replaces, sizeBytes, startsAt }: Begin,
    signal: AbortSignal,
  ): Promise<Pick<BegunUpload, 'isEmpty' | 'leastBytes'>> {
    const volumes = new Volumes(client);
    if (!replaces) {
      const { pool } = await volumes.place(file, signal);
      if ((await volumes.find(file, signal)) !== undefined)
        throw new Fault('exists', `there is a volume ${file} already`, {
          hint: 'choose another name',
        });
      if ((sizeBytes ?? 0) <= pool.availableBytes) return { isEmpty: true, leastBytes: 0 };
      throw new Fault(
        'exhausted',
        `pool ${pool.handle.name} has ${pool.availableBytes} bytes left, and the file has ${sizeBytes ?? 0}`,
        { hint: 'choose another pool, or make room there' },
      );
    }
    const vol = await requireVolume(client, file, signal);
    const all = (await listVolumes(client, signal)).volumes;
    const [child] = childrenOf(all).get(file) ?? [];
    if (child !== undefined)
      throw new Fault('refused', `cannot overwrite ${file}: ${child.path} stands on it`);
    const known = byPath(all);
    const vmIds = this.#tools.machines
      .records()
      .flatMap(({ definition }: MachineRecord) =>
        definition.hardware.disks.some((disk) => chainOf(disk.file, known).includes(file))
          ? [definition.id]
          : [],
      );
    if (vmIds.length > 0)
      throw new Fault('refused', `cannot overwrite ${file}: a vm uses it`, {
        facts: { file, vmIds },
      });
    const { sizeBytes: isLong } = await describeVolume(client, vol, signal);
    if (startsAt === undefined && sizeBytes !== null && isLong > sizeBytes)
      throw new Fault(
        'refused',
        `${file} has ${isLong} bytes, and libvirt would leave those behind the ${sizeBytes} that come`,
        { hint: 'delete it, and send a new one' },
      );
    const volume = known.get(file);
    return {
      isEmpty: volume?.format === 'raw' && volume.fileBytes === 0,
      leastBytes: volume?.format === 'raw' ? isLong : 0,
    };
  }

  /** Forgets what nobody goes on with, and what came long ago. */
  async #sweep(): Promise<void> {
    const now = this.#tools.clock.now();
    const all = [...this.#uploads.values()];
    const done = all.filter(({ isOpen }) => !isOpen);
    const surplus = new Set(done.slice(0, Math.max(0, done.length - maxDone)));
    for (const upload of all) {
      const isIdle = Math.abs(now - upload.usedMs) > uploadIdleMs;
      if (isIdle || surplus.has(upload)) await this.stop(upload.id);
    }
  }
}
