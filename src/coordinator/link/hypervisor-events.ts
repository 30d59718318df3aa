/**
 * What hypervisors that others run tell of vms and of their own things, in their words, for whoever listens now. Nothing of it is kept: what Gantry keeps of
 * vms are their states, which are looked at.
 */
import type { HostEventName, ToldEvent, ToldEventName, ToldOfHost } from '#api';
import { describeFault } from '#lib';
import { unpackEvent, type FieldsOf } from '#libvirt';
import type { Log } from '#log';
import type { Inventory } from '../inventory/inventory.ts';

/** `fields` are those of the event `name`. */
export interface HeardEvent {
  readonly vmId: string;
  readonly name: ToldEventName;
  readonly fields: FieldsOf<ToldEventName>;
  /** Of the disk that is named in them. */
  readonly place: string | undefined;
}

/** Of a network, a storage pool or a device of a host. */
export type HeardOfHost = {
  readonly [N in HostEventName]: {
    readonly hostId: string;
    readonly name: N;
    readonly fields: FieldsOf<N>;
  };
}[HostEventName];

export class HypervisorEvents {
  readonly #listeners = new Set<(event: HeardEvent) => void>();
  #heard = 0;
  readonly #ofHosts = new Set<(event: HeardOfHost) => void>();

  /** Until what is answered is called. */
  onTold(listener: (event: HeardEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** As `onTold`, in the order of the calls. */
  onToldOfHost(listener: (event: HeardOfHost) => void): () => void {
    this.#ofHosts.add(listener);
    return () => void this.#ofHosts.delete(listener);
  }

  /** How much hosts have told of themselves. */
  get heard(): number {
    return this.#heard;
  }

  takeOfHost({ log }: { readonly log: Log }, hostId: string, events: readonly ToldOfHost[]): void {
    this.#heard += events.length;
    for (const { name, fields } of events) {
      try {
        const told = unpackEvent(name, Buffer.from(fields, 'base64'));
        // The fields are those of the name.
        const heard = { hostId, name, fields: told } as HeardOfHost;
        for (const listener of this.#ofHosts) listener(heard);
      } catch (error) {
        log.warn({ hostId, name, fault: describeFault(error) }, 'what a host tells is not read');
      }
    }
  }

  /** A host tells of its own vms; of others it is not heard. */
  take(
    { inventory, log }: { readonly inventory: Pick<Inventory, 'vm'>; readonly log: Log },
    hostId: string,
    events: readonly ToldEvent[],
  ): void {
    if (this.#listeners.size === 0) return;
    for (const { id, name, fields, place } of events) {
      if (inventory.vm(id)?.hostId !== hostId) continue;
      try {
        const told = unpackEvent(name, Buffer.from(fields, 'base64'));
        const heard = { vmId: id, name, fields: told, place };
        for (const listener of this.#listeners) listener(heard);
      } catch (error) {
        log.warn({ hostId, name, fault: describeFault(error) }, 'what a host tells is not read');
      }
    }
  }
}
