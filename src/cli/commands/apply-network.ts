/** `apply` of a network: made where there is none of its name, else changed where it differs. */
import { z } from 'zod';
import { Fault, isFault } from '#lib';
import { diffSettings, nameSchema, writeValue, type Network } from '#api';
import type { Run } from '../command.ts';
import { withRisk } from './network-risk.ts';

export const networkTextSchema = z.strictObject({
  gantry: z.literal('network'),
  format: z.number().int().min(1),
  definition: z.looseObject({ name: nameSchema }),
});
export type NetworkText = z.infer<typeof networkTextSchema>;

async function findNetwork(run: Run, name: string): Promise<Network | undefined> {
  try {
    return await run.client.call('network.show', { params: { network: name } }, run.signal);
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

export async function applyNetwork(
  run: Run,
  { definition }: NetworkText,
): Promise<'created' | 'changed' | 'unchanged'> {
  const { client, out, signal } = run;
  const { name } = definition;
  const network = await findNetwork(run, name);
  if (network === undefined) {
    out.note(`+ network ${name}`);
    await withRisk(run, (query) =>
      client.call('network.create', { body: definition, query }, signal),
    );
    return 'created';
  }
  const before = Object.fromEntries(
    Object.entries(network).filter(([key]) => Object.hasOwn(definition, key)),
  );
  const changes = diffSettings(before, definition);
  if (changes.length === 0) return 'unchanged';
  const fixed = changes.find(({ path }) => /^(type|span)(\/|$)/.test(path));
  if (fixed !== undefined)
    throw new Fault('invalid', `the ${fixed.path} of network ${name} never changes`, {
      hint: 'give the document another name, or delete the network first',
    });
  out.note(`~ network ${name}`);
  for (const { path, oldValue, newValue } of changes)
    out.note(`    ${path}: ${writeValue(oldValue)} -> ${writeValue(newValue)}`);
  const { type: _type, span: _span, ...body } = definition;
  const params = { network: network.id };
  const ifMatch = network.version;
  await withRisk(run, (query) =>
    client.call('network.update', { params, body, ifMatch, query }, signal),
  );
  return 'changed';
}
