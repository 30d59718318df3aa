/** A console's WebSocket on this very server. It is opened with a ticket, which is in no address (docs/rfd/0022). */
import { consoleProtocol, consoleTicketPrefix, type Client, type WhenHeld } from '#api';

export type ConsoleKind = 'screen' | 'serial';

/** How a console is joined. */
export interface Join {
  readonly exclusive: boolean;
  readonly whenHeld: WhenHeld;
}

/** Errors: those of the ticket; of the signal. */
export async function openConsoleSocket(
  client: Client,
  kind: ConsoleKind,
  vm: string,
  join: Join & { readonly readOnly: boolean },
  signal: AbortSignal,
): Promise<WebSocket> {
  const { ticket } = await client.call('vm.console.ticket', { params: { vm } }, signal);
  signal.throwIfAborted();
  return dialConsole(client, kind, vm, { ...join }, ticket);
}

export function dialConsole(
  client: Client,
  kind: ConsoleKind,
  vm: string,
  query: Readonly<Record<string, unknown>>,
  ticket: string,
): WebSocket {
  const url = client.url(kind === 'screen' ? 'vm.screen.open' : 'vm.serial.open', { vm }, query);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url, [consoleProtocol, `${consoleTicketPrefix}${ticket}`]);
}
