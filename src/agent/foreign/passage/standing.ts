/** A connection to a hypervisor while it stands, as another one of the same process sees it. */
import type { Client, LibvirtUri } from '#libvirt';
import type { ForeignHost } from '../foreign-host.ts';
import type { ForeignMachines } from '../machines.ts';

export interface Standing {
  readonly host: ForeignHost;
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly uri: LibvirtUri;
  /** From now on the domain is known by this id, as long as the process lives. */
  readonly know: (uuid: string, id: string) => void;
  /** UUIDs of vms that a process before this one may have begun to bring here. */
  readonly halfway: Set<string>;
}

/** The connection of a host. Errors: `unavailable`. */
export type FindStanding = (hostId: string) => Standing;
