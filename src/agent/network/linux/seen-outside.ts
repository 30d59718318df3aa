/** Who is on the physical network of a bridged one, as far as its bridge has learned it (bridge(8)). */
import { z } from 'zod';
import { macSchema, maxSeenMacs, type NetworkSpec } from '#api';
import { leadsOutside } from './names.ts';
import { run } from './programs.ts';

const entriesSchema = z
  .array(
    z.object({
      mac: z.string().max(32),
      ifname: z.string().max(15),
      state: z.string().max(32).optional(),
    }),
  )
  .max(1_000_000);

/** MAC addresses that frames came from lately, in order; of an answer that cannot be read none. */
export function parseSeen(text: string): string[] {
  const { data = [] } = entriesSchema.safeParse(JSON.parse(text === '' ? '[]' : text));
  const macs = data.flatMap(({ mac, ifname, state = '' }) =>
    state === '' && leadsOutside(ifname) && macSchema.safeParse(mac).success ? [mac] : [],
  );
  return [...new Set(macs)].sort().slice(0, maxSeenMacs);
}

export async function seenOutside(
  program: string,
  { type }: NetworkSpec,
  bridge: string | null,
): Promise<string[]> {
  if (type !== 'bridged' || bridge === null) return [];
  // A bridge that has just gone has seen nobody.
  return parseSeen(await run(program, ['-json', 'fdb', 'show', 'br', bridge]).catch(() => '[]'));
}
