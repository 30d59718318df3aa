/**
 * What an agent keeps of the networks that concern its host, so that it needs nobody to carry them: a file for each network,
 * which the agent alone may read, and one that tells how those stand that other hosts take part in.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isUuid, maxHostNetworks, networkSpecSchema, spanStandingSchema } from '#api';
import type { NetworkSpec, SpanStanding } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import type { OtherNetworks } from '../networks.ts';

const definitionSchema = z.strictObject({
  gantry: z.literal('network'),
  format: z.literal(1),
  definition: networkSpecSchema,
});
const standingsSchema = z.strictObject({
  gantry: z.literal('network-standings'),
  format: z.literal(1),
  spans: z.array(spanStandingSchema).max(maxHostNetworks),
  others: z.enum(['none', 'some']).default('none'),
});
const standingsName = 'standings.json';
const ending = '.json';

export interface KnownNetworks {
  readonly networks: readonly NetworkSpec[];
  readonly spans: readonly SpanStanding[];
  readonly others: OtherNetworks;
}

/** Undefined where it was told of none yet. A file that cannot be read is left out: the coordinator tells it again. */
export async function readKnown(folder: string, log: Log): Promise<KnownNetworks | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const path = join(folder, name);
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      log.error({ why: describeFault(error) }, `cannot read ${path}`);
      return undefined;
    }
  };
  const networks: NetworkSpec[] = [];
  for (const name of names.filter(isDefinition).slice(0, maxHostNetworks)) {
    const known = await read(name, definitionSchema);
    if (known !== undefined) networks.push(known.definition);
  }
  const standings = names.includes(standingsName)
    ? await read(standingsName, standingsSchema)
    : undefined;
  return { networks, spans: standings?.spans ?? [], others: standings?.others ?? 'none' };
}

/** `before` is what the files say already: of many networks few change at a time. */
export async function writeKnown(
  folder: string,
  { networks, spans, others }: KnownNetworks,
  before: ReadonlyMap<string, NetworkSpec>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const changed = networks.filter((one) => !isDeepStrictEqual(one, before.get(one.id)));
  for (const definition of changed)
    await keepFile(join(folder, `${definition.id}${ending}`), {
      gantry: 'network',
      format: 1,
      definition,
    });
  const standings = { gantry: 'network-standings', format: 1, spans, others };
  await keepFile(join(folder, standingsName), standings);
  const wanted = new Set(networks.map(({ id }) => `${id}${ending}`));
  for (const name of (await readdir(folder)).filter(isDefinition))
    if (!wanted.has(name)) await rm(join(folder, name), { force: true });
}

const isDefinition = (name: string): boolean =>
  name.endsWith(ending) && isUuid(name.slice(0, -ending.length));

/** Most of them are as they were. */
async function keepFile(path: string, content: object): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'flushed' });
}
