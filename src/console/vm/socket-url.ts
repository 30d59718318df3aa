/** The address of a console's WebSocket on this very server; the session cookie goes along. */
import type { Client } from '#api';

export function socketUrl(
  client: Client,
  name: 'vm.screen.open' | 'vm.serial.open',
  vm: string,
): string {
  const url = client.url(name, { vm });
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
