/**
 * Moves between hosts (docs/rfd/0030) that a host still knows of although their operation has ended: it was away when it
 * was to be told. What the store says of the vm decides:
 *
 *   it leaves this host,  the vm is of this host       it stays, as it was
 *                         of another one               its files here go
 *                         not known                    as above where the move took effect, else it stays
 *   it comes to this host, the vm is of this host      it becomes one of it, unless it came by another move
 *                         of another one, or none      what has come goes
 */
import { describeFault } from '#lib';
import type { HostArrival, MachineRecord } from '#api';
import { definitionForAgent } from '../app/media.ts';
import type { Coordinator } from '../context.ts';
import type { OperationDocument, VmDocument } from '../documents.ts';
import { hasArrived } from '../link/moved.ts';
import { lockHolder } from '../operations/lock.ts';
import type { Reconciler } from './loop.ts';

interface Told {
  readonly departures: readonly HostArrival[];
  readonly arrivals: readonly HostArrival[];
}

/** What hosts have said of moves when they connected. Passing: they say it again. */
export class ToldMoves {
  readonly #hosts = new Map<string, Told>();

  note(
    hostId: string,
    machines: readonly MachineRecord[],
    arrivals: readonly HostArrival[] = [],
  ): void {
    const departures = machines.flatMap(({ definition, departure }) =>
      departure === undefined ? [] : [{ id: definition.id, moveId: departure.moveId }],
    );
    this.#hosts.set(hostId, { departures, arrivals });
  }

  of(hostId: string): Told {
    return this.#hosts.get(hostId) ?? { departures: [], arrivals: [] };
  }

  /** It is settled. */
  forget(hostId: string, move: HostArrival): void {
    const { departures, arrivals } = this.of(hostId);
    const others = (list: readonly HostArrival[]): readonly HostArrival[] =>
      list.filter((one) => one !== move);
    this.#hosts.set(hostId, { departures: others(departures), arrivals: others(arrivals) });
  }
}

export function settleMoves(
  { inventory, links, log }: Pick<Coordinator, 'inventory' | 'links' | 'log'>,
  told: ToldMoves,
): Reconciler {
  const isWorkedOn = ({ id }: HostArrival): boolean =>
    lockHolder(inventory, { kind: 'vm', id, name: '' }) !== undefined;
  const hostOf = (id: string): string | undefined =>
    inventory.document<VmDocument>('vm', id)?.data.hostId;

  /** Its guest has gone on where it was: what had come of it then is not the vm of now. */
  const wasUndone = ({ moveId }: HostArrival): boolean => {
    const state = inventory.operation(moveId)?.state;
    return (state === 'failed' || state === 'cancelled') && !hasArrived(inventory, moveId);
  };

  async function settleDeparture(hostId: string, move: HostArrival): Promise<void> {
    const owner = hostOf(move.id);
    const isGone = owner === undefined ? hasArrived(inventory, move.moveId) : owner !== hostId;
    if (!isGone) {
      await links.call(hostId, 'machine.departure.cancel', move);
      return;
    }
    const operation = inventory.document<OperationDocument>('operation', move.moveId)?.data;
    const files = (operation?.memory['files'] ?? []) as readonly string[];
    await links.call(hostId, 'machine.departure.end', { ...move, files: [...files] });
  }

  async function settleArrival(hostId: string, move: HostArrival): Promise<void> {
    const vm = inventory.document<VmDocument>('vm', move.id)?.data;
    if (vm?.hostId !== hostId || wasUndone(move)) {
      await links.call(hostId, 'machine.arrival.cancel', move);
      return;
    }
    await links.call(hostId, 'machine.arrival.end', {
      ...move,
      generation: vm.generation,
      cause: { actor: { kind: 'system', name: 'coordinator' }, correlationId: null },
      definition: definitionForAgent(inventory, hostId, vm.definition),
      definitionVersion: vm.revision,
    });
  }

  return {
    name: 'settle-moves',
    everyMs: 15_000,
    async run(signal) {
      for (const { id: hostId } of inventory.documents('host')) {
        if (!links.connected(hostId)) continue;
        const { departures, arrivals } = told.of(hostId);
        const moves = [
          ...departures.map((move) => ({ move, settle: settleDeparture })),
          ...arrivals.map((move) => ({ move, settle: settleArrival })),
        ];
        for (const { move, settle } of moves) {
          if (signal.aborted) return;
          if (isWorkedOn(move)) continue;
          try {
            await settle(hostId, move);
            told.forget(hostId, move);
          } catch (error) {
            log.warn({ vm: move.id, why: describeFault(error) }, 'a move cannot be settled');
          }
        }
      }
    },
  };
}
