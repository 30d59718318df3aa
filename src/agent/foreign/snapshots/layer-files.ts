/**
 * Files of disks that snapshots stand on: volumes in the pools of a hypervisor, one above the other. libvirt deletes a
 * snapshot by writing what came after it into the file below, whoever else stands on that one, and takes a vm back to
 * none whose disks go on in other files (9.0); so both are judged here by what the pools hold.
 *
 * Invariant: a file goes only where no vm of this hypervisor and no snapshot names it and no other file stands on it.
 */
import { posix } from 'node:path';
import { escapeXml, readXml } from '#foreign';
import { Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { readDefined } from '../edit/persist.ts';
import type { ForeignMachines } from '../machines.ts';
import { byPath, chainOf, listVolumes, parentPath, type Volume } from '../make/list-volumes.ts';
import { Volumes } from '../make/volumes.ts';
import { filesOf, readParts, type DiskFile, type SnapshotParts } from './snapshot-xml.ts';

/** Types of pools whose volumes are files in a folder. */
const folders = new Set(['dir', 'fs', 'netfs']);
/** virDomainSnapshotXMLFlags: with what is secret, since what is not written is lost. */
const secure = 1;
/** Beside a disk's own name: of the snapshot, and a number where that is taken. */
const mark = /\.[0-9a-f]{8}(?:-\d{1,3})?$/;
const maxNumber = 999;

export interface TakenSnapshot {
  readonly id: string;
  readonly xml: string;
  readonly parts: SnapshotParts;
}

/** A vm as its hypervisor keeps it, with its snapshots. */
export interface LayeredVm {
  readonly dom: DomainHandle;
  readonly defined: string;
  /** Of its disks now, by the names of devices. */
  readonly files: ReadonlyMap<string, DiskFile>;
  readonly snapshots: readonly TakenSnapshot[];
}

/** Errors: those of the client. */
export async function readLayered(
  client: Client,
  machines: ForeignMachines,
  id: string,
  signal: AbortSignal,
): Promise<LayeredVm> {
  const { handle: dom } = machines.find(id);
  const defined = await readDefined(client, dom, signal);
  const snapshots = await Promise.all(
    machines.snapshots(id).map(async ({ handle: snap, snapshot }) => {
      const args = { snap, flags: secure };
      const { xml } = await client.call('DOMAIN_SNAPSHOT_GET_XML_DESC', args, { signal });
      return { id: snapshot.id, xml, parts: readParts(xml) };
    }),
  );
  return { dom, defined, files: filesOf(readXml(defined)), snapshots };
}

/** All files that it is made of, by what it and its snapshots name. */
export function filesOfAll({ files, snapshots }: LayeredVm): ReadonlySet<string> {
  const named = snapshots.flatMap(({ parts }) => [
    ...[...parts.files.values()].map(({ file }) => file),
    ...parts.overlays.values(),
  ]);
  return new Set([...[...files.values()].map(({ file }) => file), ...named]);
}

export class LayerFiles {
  readonly #client: Client;
  readonly #volumes: Map<string, Volume>;
  /** Whether all volumes were told. */
  readonly complete: boolean;

  private constructor(client: Client, volumes: readonly Volume[], complete: boolean) {
    this.#client = client;
    this.#volumes = new Map(byPath(volumes));
    this.complete = complete;
  }

  /**
   * Looks at the pools anew in which the files are, since libvirt does not see the files that its own snapshots make.
   * Errors: those of the client.
   */
  static async look(
    client: Client,
    files: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<LayerFiles> {
    const wanted = new Set([...files].map((file) => posix.dirname(file)));
    const pools = new Volumes(client);
    for (const { path, type, handle } of await pools.pools(signal))
      if (path !== undefined && wanted.has(path) && folders.has(type))
        await pools.refresh(handle, signal);
    const { volumes, complete } = await listVolumes(client, signal);
    return new LayerFiles(client, volumes, complete);
  }

  /** Errors: `unsupported` for a file that is in no pool. */
  require(files: ReadonlySet<string>): void {
    for (const file of files) {
      if (this.has(file)) continue;
      throw new Fault('unsupported', `no storage pool of its hypervisor has ${file}`, {
        hint: `make one of its folder there: virsh pool-create-as NAME dir --target ${posix.dirname(file)}`,
      });
    }
  }

  has(file: string): boolean {
    return this.#volumes.has(file);
  }

  /** Of a file, as one of those above it says; undefined where none of these stands on it. */
  formatBelow(file: string, tops: ReadonlySet<string>): string | undefined {
    const top = this.children(file).find((one) => tops.has(one));
    return top === undefined ? undefined : (this.#volumes.get(top)?.parentFormat ?? undefined);
  }

  /** As the pool says, which looks at the content. */
  format(file: string): string {
    return this.#volumes.get(file)?.format ?? 'raw';
  }

  /** That a guest sees. */
  sizeBytes(file: string): number {
    return this.#volumes.get(file)?.sizeBytes ?? 0;
  }

  /** What a file takes. */
  fileBytes(file: string): number {
    return this.#volumes.get(file)?.fileBytes ?? 0;
  }

  /** It and all that it stands on. */
  chain(file: string): readonly string[] {
    return chainOf(file, this.#volumes);
  }

  /** What it stands on and was made for: it is a layer above a file that had its name, of which nobody tells any more. */
  madeFor(file: string): readonly string[] {
    const chain = this.chain(file);
    const end = chain.findIndex((one, index) => {
      const below = chain[index + 1];
      return below === undefined || !isLayer(one) || stemOf(one) !== stemOf(below);
    });
    return chain.slice(1, end + 1);
  }

  /** Files that stand on it. */
  children(file: string): readonly string[] {
    return [...this.#volumes.values()].flatMap((volume) =>
      parentPath(volume) === file ? [volume.path] : [],
    );
  }

  /** For the next file above one; what a work that was cut off left under that name goes. */
  async free(
    below: string,
    snapshotId: string,
    used: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string> {
    const stem = `${stemOf(below)}.${snapshotId.slice(0, 8)}`;
    for (let number = 1; number <= maxNumber; number += 1) {
      const path = `${stem}${number === 1 ? '' : `-${number}`}.qcow2`;
      if (used.has(path) || this.children(path).length > 0) continue;
      await this.#remove(path, signal);
      return path;
    }
    throw new Fault('exhausted', `there are ${maxNumber} files ${stem}`);
  }

  /** An empty one above another, as large. Errors: `not-found` where that is gone. */
  async create(
    path: string,
    below: DiskFile,
    signal: AbortSignal,
    format = 'qcow2',
  ): Promise<void> {
    const base = this.#volumes.get(below.file);
    if (base === undefined) throw new Fault('not-found', `${below.file} is not there any more`);
    const { pool } = await new Volumes(this.#client).place(path, signal);
    const xml = `<volume><name>${escapeXml(posix.basename(path))}</name>
<capacity unit='bytes'>${base.sizeBytes}</capacity><target><format type='${escapeXml(format)}'/></target>
<backingStore><path>${escapeXml(below.file)}</path><format type='${escapeXml(below.format)}'/></backingStore></volume>`;
    await this.#client.call(
      'STORAGE_VOL_CREATE_XML',
      { pool: pool.handle, xml, flags: 0 },
      { signal },
    );
  }

  /** Those that nothing needs, and layers below them that nothing needs then. */
  async removeUnused(
    files: Iterable<string>,
    used: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.complete) return;
    for (const file of files) {
      const volume = this.#volumes.get(file);
      if (volume === undefined || used.has(file) || this.children(file).length > 0) continue;
      const below = parentPath(volume);
      await this.#remove(file, signal);
      if (below !== null && isLayer(below)) await this.removeUnused([below], used, signal);
    }
  }

  async #remove(path: string, signal: AbortSignal): Promise<void> {
    if (!this.#volumes.has(path)) return;
    await new Volumes(this.#client).remove(path, signal);
    this.#volumes.delete(path);
  }
}

function isLayer(file: string): boolean {
  return mark.test(posix.parse(file).name);
}

/** With its folder, without extension and mark. */
function stemOf(file: string): string {
  const { dir, name } = posix.parse(file);
  return posix.join(dir, name.replace(mark, ''));
}

/** Files that vms of the hypervisor but one name as their disks. */
export function filesOfOthers(machines: ForeignMachines, id: string): ReadonlySet<string> {
  return new Set(
    machines
      .records()
      .filter(({ definition }) => definition.id !== id)
      .flatMap(({ definition }) => definition.hardware.disks.map(({ file }) => file)),
  );
}
