/**
 * Shared folders of one running machine.
 *
 * Invariants: (1) a folder is taken out only when the guest has it mounted no longer, so that no request to
 * let go is left with a guest that answers it later; (2) a machine is saved only when none is mounted, since
 * QEMU saves no open files of the host: they are unmounted by the guest's agent before, and mounted again
 * by it as soon as the guest runs; (3) what the guest has to mount again it remembers itself.
 */
import type { SharedFolder } from '#api';
import { describeFault, Fault, systemClock } from '#lib';
import type { Log } from '#log';
import {
  attachShare,
  detachShare,
  mountedShares,
  qmp,
  type GuestAgent,
  type MachineSpec,
  type QmpClient,
} from '#qemu';
import { shareSpec } from '../spec/machine-spec.ts';
import { askForMounts } from './guest-mounts.ts';
import { linkShare, unlinkShare } from './share-links.ts';

const unplugMs = 15_000;
const returnAttempts = 30;
const returnPauseMs = 1_000;

export interface RunningSharesParts {
  readonly spec: MachineSpec;
  readonly client: () => QmpClient;
  /** Undefined while it does not answer. */
  readonly agent: () => GuestAgent | undefined;
  /** Those that the process has. */
  readonly present: () => readonly SharedFolder[];
  readonly log: Log;
}

export class RunningShares {
  readonly #parts: RunningSharesParts;
  readonly #ending = new AbortController();
  #returning: Promise<void> | undefined;

  constructor(parts: RunningSharesParts) {
    this.#parts = parts;
  }

  /** Errors: `unsupported` where the process has no place for it. */
  async add(share: SharedFolder): Promise<void> {
    const { spec, client } = this.#parts;
    if (spec.shares === undefined) {
      throw new Fault('unsupported', 'this QEMU shares no folders');
    }
    const { linksPath } = spec.shares;
    await linkShare(linksPath, share);
    try {
      await attachShare(client(), spec, shareSpec(share));
    } catch (error) {
      await unlinkShare(linksPath, share);
      throw error;
    }
  }

  /** Errors: `refused` while the guest uses it. */
  async remove(share: SharedFolder): Promise<void> {
    const { spec, client } = this.#parts;
    const used = await this.#unmount([share.name], 'drop', this.#ending.signal);
    if (used.length > 0) throw inUse('cannot be removed', used);
    await detachShare(client(), share, { timeoutMs: unplugMs });
    if (spec.shares !== undefined) await unlinkShare(spec.shares.linksPath, share);
  }

  /** Before the machine is saved. Errors: `refused` naming the folders that the guest keeps in use. */
  async release(signal: AbortSignal): Promise<void> {
    const names = this.#parts.present().map(({ name }) => name);
    if (names.length === 0) return;
    const used = await this.#unmount(names, 'release', signal);
    if (used.length === 0) return;
    this.giveBack();
    throw inUse('cannot be left for saving the state', used);
  }

  /** Once the guest runs again: what it had mounted before the machine was saved. Waits for nothing. */
  giveBack(): void {
    if (this.#parts.present().length === 0) return;
    this.#returning ??= this.#giveBack().finally(() => {
      this.#returning = undefined;
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#returning;
  }

  /** Answers the names that are mounted afterwards. */
  async #unmount(
    names: readonly string[],
    kind: 'drop' | 'release',
    signal: AbortSignal,
  ): Promise<string[]> {
    const client = this.#parts.client();
    const mounted = await mountedShares(client, { signal });
    const ours = names.filter((name) => mounted.has(name));
    const agent = this.#parts.agent();
    const { running } = await qmp.queryStatus(client, { signal });
    if (ours.length === 0 || agent === undefined || !running) return ours;
    for (const name of ours) {
      try {
        await askForMounts(agent, { kind, name }, signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#parts.log.info({ share: name, why: describeFault(error) }, 'not unmounted');
      }
    }
    const left = await mountedShares(client, { signal });
    return ours.filter((name) => left.has(name));
  }

  async #giveBack(): Promise<void> {
    const { signal } = this.#ending;
    try {
      for (let attempt = 0; attempt < returnAttempts; attempt += 1) {
        const agent = this.#parts.agent();
        if (agent !== undefined) {
          await askForMounts(agent, { kind: 'return' }, signal);
          return;
        }
        await systemClock.sleep(returnPauseMs, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#parts.log.info({ why: describeFault(error) }, 'shared folders not mounted again');
    }
  }
}

function inUse(what: string, names: readonly string[]): Fault {
  const [folder, they] = names.length === 1 ? ['folder', 'it'] : ['folders', 'them'];
  return new Fault(
    'refused',
    `the shared ${folder} ${names.join(', ')} ${what}: in use by the guest`,
    {
      hint: `end the use of ${they} and unmount ${they} in the guest, then try again`,
      facts: { sharedFolders: [...names] },
    },
  );
}
