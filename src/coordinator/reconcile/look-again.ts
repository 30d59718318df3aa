/** Vms whose records came while an operation had them are read once more when nobody has them. */
import { describeFault, isFault } from '#lib';
import type { MachineRecord } from '#api';
import type { DefinitionPusher } from '../app/push-definition.ts';
import type { Coordinator } from '../context.ts';
import { synchroniseOne } from '../link/synchronise.ts';
import { lockHolder } from '../operations/lock.ts';
import type { Reconciler } from './loop.ts';

export const lookAgainName = 'look-again';

export function lookAgain(
  coordinator: Pick<
    Coordinator,
    'clock' | 'commit' | 'inventory' | 'links' | 'log' | 'skippedRecords' | 'hypervisorEvents'
  >,
  pusher: DefinitionPusher,
): Reconciler {
  const { inventory, links, log, skippedRecords } = coordinator;

  /** Undefined: the host has no such vm. Errors: those of `machine.look` besides. */
  async function look(
    hostId: string,
    id: string,
    signal: AbortSignal,
  ): Promise<MachineRecord | undefined> {
    try {
      return (await links.call(hostId, 'machine.look', { id }, { signal })).record;
    } catch (error) {
      if (isFault(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function lookAtHost(hostId: string, signal: AbortSignal): Promise<void> {
    for (const id of skippedRecords.of(hostId)) {
      if (signal.aborted || !links.connected(hostId)) return;
      if (lockHolder(inventory, { kind: 'vm', id, name: '' }) !== undefined) continue;
      // Before it is looked at: what is told meanwhile is noted anew.
      skippedRecords.forget(hostId, id);
      try {
        const record = await look(hostId, id, signal);
        if (record !== undefined) pusher.noteRecords([record]);
        await synchroniseOne(coordinator, hostId, id, record);
      } catch (error) {
        if (isFault(error, 'unavailable') || isFault(error, 'timeout'))
          skippedRecords.note(hostId, [id]);
        log.warn({ vm: id, why: describeFault(error) }, 'a vm cannot be looked at again');
      }
    }
  }

  return {
    name: lookAgainName,
    everyMs: 15_000,
    async run(signal) {
      await Promise.all(skippedRecords.hosts().map((hostId) => lookAtHost(hostId, signal)));
    },
  };
}
