/** What the networks of a Linux host are told when they are opened. */
import type { NetworkSpec } from '#api';
import type { Log } from '#log';
import type { UidRange } from '../../drivers/qemu/confine/accounts.ts';
import type { MachineFile } from '../../machine/record.ts';
import type { Endpoint } from './adapters/reach.ts';
import type { Programs } from './programs.ts';
import type { BeatTimes } from './tunnel-beat.ts';

export interface LinuxNetworksOptions {
  readonly hostId: string;
  readonly programs: Programs;
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly bootId: string;
  readonly range: UidRange;
  readonly allFiles: () => Iterable<MachineFile>;
  readonly log: Log;
  /** Networks cannot be served any more: told once until they can be again. */
  readonly onNetworkTrouble: (reason: string) => void;
  /** Somebody had taken something of a network away, or changed it, and it is as it should be again. */
  readonly onNetworkMended: (network: Pick<NetworkSpec, 'id' | 'name'>, what: string) => void;
  /** A change of an adapter was undone, or one that was confirmed cannot be made again. */
  readonly onAdapterUndone: (adapter: string, reason: string) => void;
  /** What the host is managed by; undefined: nothing that adapters lead to. */
  readonly coordinator: Endpoint | undefined;
  /** How other hosts are listened to. */
  readonly beat?: BeatTimes;
  /** How often it is looked who is on the networks. */
  readonly sightMs?: number;
  /** How long what an adapter led to may take to answer after a change of it. */
  readonly verifyMs?: number;
}
