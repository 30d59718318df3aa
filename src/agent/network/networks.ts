/**
 * The networks of a host, as its machines and its link see them. A host carries a network from the moment
 * that a machine on it has an adapter there, until none has.
 */
import type {
  HostLease,
  HostPort,
  LinkParams,
  NetworkReport,
  NetworkSpec,
  PortCounts,
  SpanStanding,
  VmDefinition,
} from '#api';
import type { Findings, Obstacle } from '../drivers/driver.ts';
import type { MachineFile } from '../machine/record.ts';
import type { Adapters } from './adapters.ts';

export type OtherNetworks = LinkParams<'network.configure'>['others'];

export interface Networks {
  /** Why no network is carried here; undefined where they are. */
  readonly whyNot: string | undefined;
  /** What the networks of this host may be on. */
  readonly adapters: Adapters;
  /**
   * All networks that concern the host, how those stand that span hosts, and whether there are others (none where that is not said). Resolves when
   * they are kept and those in use are looked after.
   */
  configure(
    networks: readonly NetworkSpec[],
    spans: readonly SpanStanding[],
    others?: OtherNetworks,
  ): Promise<void>;
  /** Ids of those that adapters of its machines are on, as defined or as they run, known or not. */
  readonly used: ReadonlySet<string>;
  /** Adapters of machines have come, gone or changed. */
  look(): void;
  /** Of the network that an adapter is to be plugged into. */
  check(network: string): Promise<readonly Obstacle[]>;
  /** Those that are carried; the same array until something of them changes. */
  readonly reports: readonly NetworkReport[];
  /** What the services of this host have leased, by network; each table the same array until it changes. */
  readonly leaseTables: ReadonlyMap<string, readonly HostLease[]>;
  /** Told when the reports or the leases have changed. */
  onReports(listener: () => void): void;
  /** Errors: `not-found` where the network is not served here, or has not leased the address. */
  release(id: string, address: string): Promise<void>;
  /** What passed at ports before their present taps. Absent where there are none. */
  readonly passed?: PassedPorts | undefined;
  /** Of running machines, with what has passed. */
  ports(id: string): Promise<readonly HostPort[]>;
}

export interface PassedPorts {
  of(vm: string): readonly PortCounts[];
  /** What another host has counted. */
  put(vm: string, counts: readonly PortCounts[]): Promise<void>;
  forget(vm: string): Promise<void>;
}

/** Ids of the networks that adapters are on: as they are defined, and as running machines have them. */
export function usedNetworks(files: Iterable<MachineFile>): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { definition, startedWith } of files)
    for (const { hardware } of startedWith === null ? [definition] : [definition, startedWith])
      for (const { attachment } of hardware.adapters)
        if (attachment.kind === 'network') used.add(attachment.network);
  return used;
}

/**
 * What stands against plugging adapters into their networks. One that is marked optional stands against
 * nothing: it is left unplugged and that is said (VM-72).
 */
export async function checkNetworks(
  networks: Networks,
  { hardware }: VmDefinition,
): Promise<Findings> {
  const found: Obstacle[][] = [];
  for (const { slot, attachment } of hardware.adapters) {
    if (attachment.kind !== 'network') continue;
    const { network } = attachment;
    const about = { device: String(slot), hostPath: network };
    found[slot] = (await networks.check(network)).map((one) => ({ ...one, about }));
  }
  return weighAdapters(hardware.adapters, (slot) => found[slot] ?? []);
}

/** Reasons of optional adapters are warnings. */
export function weighAdapters(
  adapters: VmDefinition['hardware']['adapters'],
  reasonsOf: (slot: number) => readonly Obstacle[],
): Findings {
  const findings: Findings = { reasons: [], warnings: [], unplugged: [] };
  for (const { slot, optional } of adapters) {
    const reasons = reasonsOf(slot);
    if (!optional) findings.reasons.push(...reasons);
    else if (reasons.length > 0) {
      findings.unplugged.push(slot);
      for (const { code, text, remedy } of reasons) {
        const unplugged = `${text}, so network adapter ${slot}, which is optional, is unplugged`;
        findings.warnings.push({ code, text: unplugged, remedy });
      }
    }
  }
  return findings;
}

export function networkMissing(network: string): Obstacle {
  return {
    code: 'network-missing',
    text: `there is no network ${network}`,
    remedy: 'plug the adapter into another network, or mark it optional',
  };
}

export function networkUnavailable(name: string, why: string): Obstacle {
  return {
    code: 'network-unavailable',
    text: `network ${name} cannot be used on this host: ${why}`,
    remedy: 'mend that, plug the adapter into another network, or mark it optional',
  };
}
