/**
 * Why vms are off, in libvirt's numbers (virDomainShutoffReason), as it was told since the coordinator runs: what was before that is
 * not known, as to a libvirtd that was started anew.
 */
import type { Inventory } from '../inventory/inventory.ts';
import { DomainEvents, stopDetailOf } from './domain-events.ts';

const untold = 0;

export class StopReasons implements Disposable {
  readonly #ofVm = new Map<string, number>();
  readonly #stop: () => void;
  #version = 0;

  constructor(inventory: Pick<Inventory, 'onChange'>) {
    const reader = new DomainEvents();
    this.#stop = inventory.onChange(({ events }) => {
      for (const event of events) {
        if (event.target.kind !== 'vm') continue;
        const detail = stopDetailOf(reader.read(event));
        // Reasons begin with one that nobody knows; but for that they are the details of the event.
        if (detail !== undefined) this.#ofVm.set(event.target.id, detail + 1);
        const isGone = event.name === 'vm.deleted' && this.#ofVm.delete(event.target.id);
        if (detail !== undefined || isGone) this.#version += 1;
      }
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Another number once any of them is another one. */
  get version(): number {
    return this.#version;
  }

  /** Of a vm that is off. */
  of(vmId: string): number {
    return this.#ofVm.get(vmId) ?? untold;
  }
}
