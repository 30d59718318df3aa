/**
 * Definitions on their way to the agents. The store is the truth; an agent that has an older revision gets
 * the present one: by the operation that changed it, after a reconnect, and by a loop that tries again.
 * What an agent is known to have is kept in memory: its hello tells it anew.
 */
import { isFault } from '#lib';
import type { Cause, MachineRecord } from '#api';
import type { Links } from '../context.ts';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { definitionForAgent } from './media.ts';

export class DefinitionPusher {
  readonly #inventory: Inventory;
  readonly #links: Links;
  readonly #has = new Map<string, number>();
  /** Of hosts without an agent: nothing is sent of them. */
  readonly #foreign = new Set<string>();

  constructor(inventory: Inventory, links: Links) {
    this.#inventory = inventory;
    this.#links = links;
  }

  /** What an agent has, by its records. */
  noteRecords(records: readonly MachineRecord[]): void {
    for (const { definition, definitionVersion, report } of records)
      if (report.foreign === true) this.#foreign.add(definition.id);
      else this.#has.set(definition.id, definitionVersion);
  }

  note(vmId: string, revision: number): void {
    this.#has.set(vmId, revision);
  }

  forget(vmId: string): void {
    this.#has.delete(vmId);
    this.#foreign.delete(vmId);
  }

  /** Whether the vm's agent is not known to have the present definition. */
  isBehind(vmId: string): boolean {
    const vm = this.#inventory.document<VmDocument>('vm', vmId)?.data;
    if (vm === undefined || this.#foreign.has(vmId)) return false;
    return this.#has.get(vmId) !== vm.revision;
  }

  /** Vms of the host that have to be told. */
  *behind(hostId: string): Generator<string> {
    for (const id of this.#inventory.vmsOfHost(hostId)) if (this.isBehind(id)) yield id;
  }

  /** Sends the present definition. Errors: the agent's; `unavailable`. A vm that is gone is done. */
  async push(vmId: string, cause: Cause, signal?: AbortSignal): Promise<void> {
    const vm = this.#inventory.document<VmDocument>('vm', vmId)?.data;
    if (vm === undefined || this.#foreign.has(vmId)) return;
    await this.#links.call(
      vm.hostId,
      'machine.configure',
      {
        id: vmId,
        generation: vm.generation,
        cause,
        definition: definitionForAgent(this.#inventory, vm.hostId, vm.definition),
        definitionVersion: vm.revision,
      },
      signal === undefined ? {} : { signal },
    );
    this.#has.set(vmId, vm.revision);
  }

  /** Sends it if the host answers; else it is sent later. Errors: the agent's refusal. */
  async pushOrLater(vmId: string, cause: Cause, signal?: AbortSignal): Promise<'pushed' | 'later'> {
    try {
      await this.push(vmId, cause, signal);
      return 'pushed';
    } catch (error) {
      if (!isFault(error, 'unavailable') && !isFault(error, 'timeout')) throw error;
      return 'later';
    }
  }
}
