/** The processes that serve disks on this host: at most one for each running vm (disk-server.ts). */
import type { Disk, VmDefinition } from '#api';
import { Fault, isFault, present } from '#lib';
import type { Log } from '#log';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import type { ControlGroups } from '../confine/cgroups.ts';
import { ownPlaces, runPlaces } from '../places.ts';
import { DiskServer } from './disk-server.ts';
import { findUnshare } from './narrow.ts';
import { diskId, exportOf } from '../spec/devices.ts';
import { entryOf, planServed } from './plan.ts';
import type { ServedEntry, ServedPlan } from './served-plan.ts';

/** What is served to one process changes while it runs. */
export interface ServedToOne {
  /** In which its files may be. */
  folders(): readonly string[];
  /** Before the disk is plugged in. Faults: as `DiskServer.start`. */
  add(disk: Disk): Promise<void>;
  /** After it was unplugged: its file is as its format ends it, and nobody's. */
  remove(disk: Disk): Promise<void>;
  /** A file into which a disk is copied. Faults: as `DiskServer.start`; `unsupported` by one of an older version. */
  take(copy: ServedEntry): Promise<void>;
  /** From now on by that entry alone, and no more by the other name. */
  replace(gone: string, entry: ServedEntry | undefined): Promise<void>;
  /** Files that have the names of others by now, with the same content, are served in their place. */
  again(): Promise<void>;
  /** Something lies on it now: it is read until the next merge, and all that was written is in it. */
  letGo(disk: Disk): Promise<void>;
}

export interface DiskServersOptions {
  readonly runtimeDir: string;
  readonly bootId: string;
  readonly log: Log;
  readonly host: { readonly setpriv: string | undefined };
  readonly groups: Pick<ControlGroups, 'join'>;
  /** Knows the folders in which files of a vm may be, its own among them. */
  readonly storage: () => { folders(own: string): readonly string[] };
}

const startMs = 60_000;

export class DiskServers {
  readonly #options: DiskServersOptions;
  readonly #servers = new Map<string, DiskServer>();
  #unshare: Promise<string | undefined> | undefined;

  constructor(options: DiskServersOptions) {
    this.#options = options;
  }

  /** Before QEMU, into the vm's control groups, which are there; when this resolves they are served. Faults: as `DiskServer.start`. */
  async start(file: MachineFile, account: Account | undefined, signal: AbortSignal): Promise<void> {
    const server = await this.#make(file, account);
    if (server === undefined) return;
    await server.start(signal);
    this.#servers.set(file.definition.id, server);
  }

  /** For a QEMU that runs already. */
  async find(file: MachineFile, account: Account | undefined): Promise<void> {
    const server = await this.#make(file, account);
    if (server === undefined) return;
    this.#servers.set(file.definition.id, server);
    await server.find();
  }

  /** `file`: as it is now, with what the process was started with. */
  toOne(
    file: () => MachineFile,
    account: Account | undefined,
    setLimits: (definition: VmDefinition) => void,
  ): ServedToOne {
    const folders = (): readonly string[] => this.#options.storage().folders(file().folder);
    return {
      folders,
      add: async (disk) => {
        const now = file();
        const { id } = now.definition;
        const entry = entryOf(now, disk);
        const server = this.#servers.get(id);
        if (server !== undefined) return server.become(withEntry(server, entry.name, entry));
        const { hardware } = now.definition;
        const disks = [...hardware.disks.filter((one) => diskId(one) !== diskId(disk)), disk];
        const definition = { ...now.definition, hardware: { ...hardware, disks } };
        setLimits(definition);
        await this.start({ ...now, definition }, account, AbortSignal.timeout(startMs));
      },
      remove: async (disk) => {
        const now = file();
        const { id } = now.definition;
        const server = this.#servers.get(id);
        if (server === undefined) return;
        const plan = withEntry(server, exportOf(now, disk), undefined);
        if (plan.disks.length === 0) await this.end(id);
        else await server.become(plan);
      },
      take: async (copy) => {
        const server = present(this.#servers.get(file().definition.id), 'what serves the disk');
        try {
          const plan = withEntry(server, copy.name, copy);
          await server.become({ ...plan, folders: [...folders()] });
        } catch (cause) {
          if (!isFault(cause, 'internal')) throw cause;
          // What was started by an agent before this one does not know of copies.
          throw new Fault('unsupported', 'what serves its disks is of an older version', {
            cause,
            hint: 'pause the vm and move the disk then, or restart the vm first',
          });
        }
      },
      replace: async (gone, entry) => {
        const server = this.#servers.get(file().definition.id);
        if (server === undefined) return;
        const others = withEntry(server, gone, undefined).disks;
        const kept = others.filter(({ name }) => name !== entry?.name);
        const disks = entry === undefined ? kept : [...kept, entry];
        await server.become({ ...server.plan, disks });
      },
      again: async () => {
        const server = this.#servers.get(file().definition.id);
        await server?.become(server.plan);
      },
      letGo: async (disk) => {
        const now = file();
        const server = this.#servers.get(now.definition.id);
        const name = exportOf(now, disk);
        const entry = server?.plan.disks.find((one) => one.name === name);
        if (server === undefined || entry === undefined || entry.access === 'read') return;
        const next = { ...entry, access: 'when-written' } as const;
        await server.become(withEntry(server, entry.name, next));
      },
    };
  }

  /** Now and then while QEMU runs. */
  keep(id: string): void {
    this.#servers.get(id)?.keep();
  }

  /** Of a process that has gone while nobody saw it. */
  async endStray(file: MachineFile): Promise<void> {
    await (await this.#make(file, undefined))?.end();
  }

  /** QEMU has gone, or has not come. When this resolves what was written is in the files. */
  async end(id: string): Promise<void> {
    const server = this.#servers.get(id);
    this.#servers.delete(id);
    await server?.end();
  }

  /** Undefined where QEMU opens all of the disks itself. */
  async #make(file: MachineFile, account: Account | undefined): Promise<DiskServer | undefined> {
    const { runtimeDir, bootId, log, host, groups, storage } = this.#options;
    const plan = planServed(file, storage().folders(file.folder), account);
    if (plan.disks.length === 0) return undefined;
    const { id } = file.definition;
    const places = runPlaces(runtimeDir, id);
    this.#unshare ??= findUnshare();
    return new DiskServer({
      plan,
      socketPath: places.disks,
      toldPath: places.serving,
      logPath: ownPlaces(file).disksLog,
      narrowing: { unshare: await this.#unshare, setpriv: host.setpriv },
      limit: (pid) => groups.join(id, pid),
      bootId,
      log: log.child({ vm: id }),
    });
  }
}

function withEntry({ plan }: DiskServer, name: string, entry: ServedEntry | undefined): ServedPlan {
  const others = plan.disks.filter((one) => one.name !== name);
  return { ...plan, disks: entry === undefined ? others : [...others, entry] };
}
