/** What is remembered of a host's agent (kind agent), read and written on the condition that it is still so. */
import type { AgentDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Condition, Write } from '../store/store.ts';

export interface AgentState {
  readonly data: AgentDocument;
  write(data: AgentDocument): {
    readonly conditions: readonly Condition[];
    readonly writes: readonly Write[];
  };
}

export function agentState(inventory: Inventory, hostId: string): AgentState {
  const known = inventory.document<AgentDocument>('agent', hostId);
  const condition: Condition =
    known === undefined
      ? { kind: 'agent', id: hostId, absent: true }
      : { kind: 'agent', id: hostId, version: known.version };
  return {
    data: known?.data ?? { lastEventSeq: 0, toldStatus: null },
    write: (data) => ({
      conditions: [condition],
      writes: [{ kind: 'agent', id: hostId, data }],
    }),
  };
}
