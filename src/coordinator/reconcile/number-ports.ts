/**
 * Gives each port of a network its number, and takes back those of ports that are no more.
 *
 *   adapter plugged -> lowest free number of its network -> adapter leaves, or its vm is deleted -> free
 *
 * Invariants
 * 1. A port keeps its number while its adapter stays on the network, whatever else changes of the vm.
 * 2. Numbers are given here alone, one run at a time, so no two ports of a network have the same one.
 */
import { commitFresh } from '../app/commit-fresh.ts';
import type { Coordinator } from '../context.ts';
import type { PortNumbersDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { isSamePort, pluggedPorts } from '../inventory/port-numbers.ts';
import type { Commit, Condition, Write } from '../store/store.ts';
import type { Reconciler } from './loop.ts';

export const numberPortsName = 'number-ports';
const vmsAtOnce = 500;

export function numberPorts(context: Pick<Coordinator, 'inventory' | 'commit'>): Reconciler {
  const { inventory } = context;
  return {
    name: numberPortsName,
    everyMs: 2_000,
    async run(signal) {
      const vms = [...inventory.vmsToNumber()];
      for (let at = 0; at < vms.length && !signal.aborted; at += vmsAtOnce)
        await commitFresh(context, () => numberThem(inventory, vms.slice(at, at + vmsAtOnce)));
    },
  };
}

function numberThem(inventory: Inventory, vms: readonly string[]): Commit | undefined {
  /** By network: the highest that this commit gives. */
  const given = new Map<string, number>();
  const give = (network: string): number => {
    const number = inventory.freePortNumber(network, (given.get(network) ?? 0) + 1);
    given.set(network, number);
    return number;
  };
  const conditions: Condition[] = [];
  const writes: Write[] = [];
  for (const id of vms) {
    const name = { kind: 'port-numbers', id } as const;
    const kept = inventory.document<PortNumbersDocument>('port-numbers', id);
    const ports = pluggedPorts(inventory.document<VmDocument>('vm', id)?.data).map((port) => {
      const known = kept?.data.ports.find((numbered) => isSamePort(numbered, port));
      return { ...port, number: known?.number ?? give(port.network) };
    });
    if (kept === undefined && ports.length === 0) continue;
    conditions.push(
      kept === undefined ? { ...name, absent: true } : { ...name, version: kept.version },
    );
    if (ports.length === 0) writes.push({ ...name, delete: true });
    else writes.push({ ...name, data: { ports } satisfies PortNumbersDocument });
  }
  return writes.length === 0 ? undefined : { conditions, writes };
}
