/**
 * The numbers that libvirt gives domains while they run. They are of the gateway, not of the hosts: given when one is
 * first asked for, the same for all clients, never given twice; a vm that has gone off gets a new one when it is back.
 */
import { vmStateFacts, type Vm } from '#api';
import type { Inventory } from '../inventory/inventory.ts';

/** Where a number wraps around; it is sent in 32 bits. */
const maxId = 0x7fff_ffff;

export const inactiveId = -1;

export class DomainIds implements Disposable {
  readonly #inventory: Pick<Inventory, 'vm'>;
  readonly #idOf = new Map<string, number>();
  readonly #vmOf = new Map<number, string>();
  readonly #stop: () => void;
  #last = 0;

  constructor(inventory: Pick<Inventory, 'vm' | 'onChange'>) {
    this.#inventory = inventory;
    this.#stop = inventory.onChange(({ things }) => {
      for (const { kind, id, how } of things)
        if (kind === 'vm' && how !== 'sampled' && this.#idOf.has(id)) this.#look(id);
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** -1 for a vm that does not run. */
  of({ id: vmId, state }: Pick<Vm, 'id' | 'state'>): number {
    if (!vmStateFacts[state].live) return inactiveId;
    const known = this.#idOf.get(vmId);
    if (known !== undefined) return known;
    const id = this.#next();
    this.#idOf.set(vmId, id);
    this.#vmOf.set(id, vmId);
    return id;
  }

  /** The vm that has the number now. */
  find(id: number): string | undefined {
    return this.#vmOf.get(id);
  }

  #look(vmId: string): void {
    const state = this.#inventory.vm(vmId)?.state;
    // A vm of a host that is away keeps its number: it may well be running.
    if (state !== undefined && (vmStateFacts[state].live || state === 'unknown')) return;
    const id = this.#idOf.get(vmId);
    this.#idOf.delete(vmId);
    if (id !== undefined) this.#vmOf.delete(id);
  }

  #next(): number {
    do this.#last = this.#last >= maxId ? 1 : this.#last + 1;
    while (this.#vmOf.has(this.#last));
    return this.#last;
  }
}
