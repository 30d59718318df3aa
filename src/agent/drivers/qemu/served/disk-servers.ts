/** The processes that serve disks on this host: at most one for each running vm (disk-server.ts). */
import type { Log } from '#log';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import type { ControlGroups } from '../confine/cgroups.ts';
import { ownPlaces, runPlaces } from '../places.ts';
import { DiskServer } from './disk-server.ts';
import { findUnshare } from './narrow.ts';
import { planServed } from './plan.ts';

export interface DiskServersOptions {
  readonly runtimeDir: string;
  readonly bootId: string;
  readonly log: Log;
  readonly host: { readonly setpriv: string | undefined };
  readonly groups: Pick<ControlGroups, 'join'>;
  /** Knows the folders in which files of a vm may be, its own among them. */
  readonly storage: () => { folders(own: string): readonly string[] };
}

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

  /** Now and then while QEMU runs. */
  keep(id: string): void {
    this.#servers.get(id)?.keep();
  }

  /** QEMU has gone, or has not come. */
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
    this.#unshare ??= findUnshare();
    return new DiskServer({
      plan,
      socketPath: runPlaces(runtimeDir, id).disks,
      logPath: ownPlaces(file).disksLog,
      narrowing: { unshare: await this.#unshare, setpriv: host.setpriv },
      limit: (pid) => groups.join(id, pid),
      bootId,
      log: log.child({ vm: id }),
    });
  }
}
