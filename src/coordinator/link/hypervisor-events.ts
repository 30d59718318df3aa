/**
 * What hypervisors that others run tell of vms, in their words, for whoever listens now. Nothing of it is kept: what Gantry keeps of
 * vms are their states, which are looked at.
 */
import type { ToldEvent, ToldEventName } from '#api';
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

export class HypervisorEvents {
  readonly #listeners = new Set<(event: HeardEvent) => void>();

  /** Until what is answered is called. */
  onTold(listener: (event: HeardEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
