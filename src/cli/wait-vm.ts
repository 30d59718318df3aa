/** Until a vm is in a state: read once the watch has begun, then told by it, so that nothing is missed in between. */
import { Fault } from '#lib';
import type { Client, Vm, VmState, WatchMessage } from '#api';

/** Errors: `not-found` when the vm is taken out meanwhile; `unavailable` when the watch ends; those of the signal. */
export async function untilVmIs(
  client: Client,
  reference: string,
  wanted: VmState,
  signal: AbortSignal,
): Promise<Vm> {
  const over = new AbortController();
  const watching = AbortSignal.any([signal, over.signal]);
  const read = (vm: string): Promise<Vm> => client.call('vm.show', { params: { vm } }, watching);
  let { id, name } = await read(reference);
  try {
    for await (const told of client.stream('watch.open', { kinds: 'vm' }, watching)) {
      const vm =
        told.event === 'ready' || told.event === 'reset'
          ? await read(id)
          : changed(told as unknown as WatchMessage, id, name);
      if (vm === undefined) continue;
      ({ id, name } = vm);
      if (vm.state === wanted) return vm;
    }
  } finally {
    over.abort();
  }
  throw new Fault('unavailable', 'the coordinator ended the watch');
}

function changed({ event, data }: WatchMessage, id: string, name: string): Vm | undefined {
  if (event !== 'changed' && event !== 'deleted') return undefined;
  if (data.id !== id) return undefined;
  if (event === 'deleted') throw new Fault('not-found', `vm ${name} was taken out meanwhile`);
  return data.resource as Vm;
}
