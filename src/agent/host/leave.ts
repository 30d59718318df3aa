/** The end of a machine that has moved to another host: its files go, then its record. Can be done again. */
import type { Machine } from '../machine/machine.ts';
import type { Host } from './host.ts';

export async function leave(host: Host, { id, file }: Machine): Promise<void> {
  if (file.departure?.gone !== true) return;
  await host.driver.storage.travel?.remove(file.leftovers);
  await host.remove(id);
}
