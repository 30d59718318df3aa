/** Screen, keyboard and serial port of a vm. */
import type { WebSocket } from 'ws';
import type { Caller, Coordinator } from '../../context.ts';
import { pipeSockets } from '../../link/pipe.ts';
import { filterViewer } from '../../link/rfb-filter.ts';
import type { Channel, StreamHub } from '../../link/streams.ts';
import { shown, vmDocument } from '../find.ts';
import { ancestorsOf, vmThing } from '../things.ts';
import { requireAction } from './judge.ts';
import type { VmAction } from '#api';

/** PNG. */
export async function makeScreenshot(
  coordinator: Coordinator,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const hostId = requireConsole(coordinator, id, 'screenshot');
  const { png } = await coordinator.links.call(hostId, 'machine.screenshot', { id }, { signal });
  return Buffer.from(png, 'base64');
}

export async function typeText(
  coordinator: Coordinator,
  id: string,
  what: { readonly text: string; readonly layout: 'us' | 'de' },
  signal: AbortSignal,
): Promise<void> {
  const hostId = requireConsole(coordinator, id, 'type');
  await coordinator.links.call(hostId, 'machine.type', { id, ...what }, { signal });
}

export async function pressKeys(
  coordinator: Coordinator,
  id: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const hostId = requireConsole(coordinator, id, 'type');
  await coordinator.links.call(hostId, 'machine.keys', { id, keys: [...keys] }, { signal });
}

/** The host to be asked. Errors: those of `requireAction`. */
function requireConsole({ inventory }: Coordinator, id: string, action: VmAction): string {
  requireAction(inventory, shown('vm', id, inventory.vm(id)), action);
  return vmDocument(inventory, id).data.hostId;
}

/**
 * Opens a channel to the machine, then answers what joins it with the client's socket. One who may only
 * look is held to it here, whatever the agent does.
 */
export async function openConsole(
  coordinator: Coordinator,
  streams: StreamHub,
  caller: Caller,
  id: string,
  what: { readonly channel: Channel; readonly access: 'read-only' | 'read-write' },
  signal: AbortSignal,
): Promise<(client: WebSocket) => void> {
  const { channel, access } = what;
  const hostId = requireConsole(coordinator, id, channel === 'screen' ? 'screen' : 'serial');
  const agent = await streams.open(hostId, id, channel, access, signal);
  const abandon = (): void => agent.close(1001, 'the client is gone');
  signal.addEventListener('abort', abandon, { once: true });
  return (client) => {
    signal.removeEventListener('abort', abandon);
    const input =
      access === 'read-write' ? undefined : channel === 'screen' ? filterViewer() : dropAll;
    tell(coordinator, caller, id, channel, 'console.opened');
    void pipeSockets(client, agent, input).then(() =>
      tell(coordinator, caller, id, channel, 'console.closed'),
    );
  };
}

function dropAll(): undefined {
  return undefined;
}

function tell(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  channel: Channel,
  name: 'console.opened' | 'console.closed',
): void {
  const { inventory, log } = coordinator;
  const vm = inventory.document<Parameters<typeof vmThing>[1]>('vm', id)?.data;
  const target = vm === undefined ? { kind: 'vm' as const, id, name: id } : vmThing(id, vm);
  coordinator
    .commit({
      events: [
        {
          name,
          target,
          ancestors: ancestorsOf(inventory, target),
          actor: caller.actor,
          origin: caller.origin,
          correlationId: caller.correlationId,
          attributes: { channel },
        },
      ],
    })
    .catch((error: unknown) => log.error({ err: error }, 'cannot tell of a console'));
}
