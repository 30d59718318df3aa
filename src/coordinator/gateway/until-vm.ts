/** Waiting for what the inventory shows of a vm. */
import type { Vm } from '#api';
import type { Inventory } from '../inventory/inventory.ts';

/** Resolves as soon as it holds, and when the signal aborts; undefined is a vm that is gone. */
export async function untilVm(
  inventory: Pick<Inventory, 'vm' | 'onChange'>,
  vmId: string,
  holds: (vm: Vm | undefined) => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (holds(inventory.vm(vmId)) || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = inventory.onChange(({ things }) => {
    if (things.some(({ kind, id }) => kind === 'vm' && id === vmId) && holds(inventory.vm(vmId)))
      resolve();
  });
  signal.addEventListener('abort', () => resolve(), { once: true });
  try {
    await promise;
  } finally {
    stop();
  }
}
