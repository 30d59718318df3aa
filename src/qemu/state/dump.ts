/**
 * The memory of a machine in a file, for programs that look into one (dump-guest-memory, qapi/dump.json). The machine stands still
 * meanwhile, and goes on if it ran. QEMU cannot be told to leave off: whoever waits no more has a file that is written to its end.
 */
import { Fault } from '#lib';
import { actAndAwait } from '../hot-plug/wait-event.ts';
import { isObject } from '../parse.ts';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

export const dumpFormats = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy'] as const;
export type DumpFormat = (typeof dumpFormats)[number];

const fileName = 'memory-dump';
const limitMs = 60 * 60 * 1000;

/** `descriptor`: of an empty file that is open for writing. Errors: `refused` with QEMU's words; `timeout`. */
export async function dumpMemory(
  client: QmpClient,
  { format, descriptor }: { readonly format: DumpFormat; readonly descriptor: number },
  signal: AbortSignal,
): Promise<void> {
  const trouble = await actAndAwait(
    client,
    'write the memory to a file',
    limitMs,
    signal,
    async (inner) => {
      await qmp.getfd(client, fileName, { signal: inner, descriptor });
      await qmp.dumpGuestMemory(client, { format, fileName }, { signal: inner });
    },
    ({ name, data }) => {
      if (name !== 'DUMP_COMPLETED') return undefined;
      const { result, error } = data;
      const isDone = isObject(result) && result['status'] === 'completed';
      return { error: isDone ? undefined : String(error ?? 'it does not say why').slice(0, 300) };
    },
  );
  if (trouble.error !== undefined)
    throw new Fault('refused', `QEMU does not write the memory to a file: ${trouble.error}`);
}
