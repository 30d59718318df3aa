/** Sends definitions that an agent does not have yet: it was away when they changed. */
import { describeFault } from '#lib';
import type { DefinitionPusher } from '../app/push-definition.ts';
import type { Coordinator } from '../context.ts';
import { lockHolder } from '../operations/lock.ts';
import type { Reconciler } from './loop.ts';

const atOnce = 8;

export function pushDefinitions(
  { inventory, links, log }: Pick<Coordinator, 'inventory' | 'links' | 'log'>,
  pusher: DefinitionPusher,
): Reconciler {
  const cause = { actor: { kind: 'system', name: 'coordinator' }, correlationId: null } as const;
  return {
    name: 'push-definitions',
    everyMs: 15_000,
    async run(signal) {
      for (const { id: hostId } of inventory.documents('host')) {
        if (!links.connected(hostId)) continue;
        // An operation that works on a vm sends its definition itself.
        const waiting = [...pusher.behind(hostId)].filter(
          (id) => lockHolder(inventory, { kind: 'vm', id, name: '' }) === undefined,
        );
        const worker = async (): Promise<void> => {
          for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
            if (signal.aborted) return;
            await pusher.push(id, cause, signal).catch((error: unknown) => {
              log.warn({ vm: id, why: describeFault(error) }, 'a definition cannot be sent');
            });
          }
        };
        await Promise.all(Array.from({ length: atOnce }, worker));
      }
    },
  };
}
