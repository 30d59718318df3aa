/**
 * What a link carries of a host. The seam between the link and what is behind it: the machines of this host
 * (host/), or those of a hypervisor that others run (foreign/).
 */
import type {
  AgentEvent,
  HostArrival,
  HostFacts,
  HostLoad,
  HostSettings,
  HostTrouble,
  MachineRecord,
  MachineReport,
  MachineSample,
  ToldEvent,
  ToldOfHost,
} from '#api';
import type { Log } from '#log';
import type { Networks } from '../network/networks.ts';

/** What is set for the whole installation, and matters to its hosts. */
export interface SiteSettings {
  readonly eventScripts: boolean;
  /** Undefined: true. */
  readonly thumbnails?: boolean | undefined;
}

export interface LinkedHost {
  readonly id: string;
  readonly name: string;
  readonly log: Log;
  readonly driver: {
    readonly name: string;
    readonly networks: Pick<Networks, 'reports' | 'leaseTables' | 'used'>;
  };
  /** The same object until something of them changes. */
  readonly facts: HostFacts;
  readonly serviceRunning: boolean;
  /** Vms that are on their way here. Absent where none come. */
  readonly arrivals?: { list(): HostArrival[] } | undefined;
  readonly outbox: {
    /** The coordinator has all events up to the number. */
    acknowledge(seq: number): void;
    /** Events after the number, in order, at most so many. */
    after(seq: number, limit: number): AgentEvent[];
  };

  load(): Promise<HostLoad>;
  records(): MachineRecord[];
  /** All records, where machines came, went or were changed by others since the last call. */
  takeRecords?(): MachineRecord[] | undefined;
  /** Reports that changed since the last call. */
  takeReports(): MachineReport[];
  /** Bytes that the files of each machine take up, where that is measured. The same map until one has changed. */
  readonly diskSpaces?: ReadonlyMap<string, number> | undefined;
  /** What is wrong, once it was looked for. The same list until something of it has changed. */
  readonly troubles?: readonly HostTrouble[] | undefined;
  /** What its hypervisor tells, since the last call. */
  takeTold?(): readonly ToldEvent[];
  /** What it tells of its own networks, pools and devices, since the last call. */
  takeToldOfHost?(): readonly ToldOfHost[];
  /** Of these machines; default: of all. */
  samples(of?: ReadonlySet<string>): MachineSample[];
  /** Samples that matter and were not taken yet. */
  takeSamples(): MachineSample[];
  /** Everything is new to a coordinator that has just been greeted. */
  forgetTaken(): void;
  onChange(listener: () => void): void;
  configure(settings: HostSettings, site: SiteSettings): Promise<void>;
}
