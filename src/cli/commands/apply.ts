/**
 * `apply`: definitions kept in git. A document (YAML or JSON, several per file) is what `vm export` or
 * `network export` writes; a vm that exists is changed only where it differs, one that does not is created. Differences
 * are shown first; --dry-run stops there.
 */
import { z } from 'zod';
import { Fault, isFault } from '#lib';
import { definitionFormat, diffSettings, nameSchema, writeValue, type Vm } from '#api';
import { command, type Run } from '../command.ts';
import { readDocuments } from '../documents.ts';
import { applyNetwork, networkTextSchema } from './apply-network.ts';
import { finish } from '../progress.ts';

const vmTextSchema = z.strictObject({
  gantry: z.literal('vm'),
  format: z.number().int().min(1),
  /** For creating: host, folder, disk source. */
  create: z.record(z.string(), z.json()).optional(),
  definition: z.looseObject({ name: nameSchema }),
});

const documentSchema = z.discriminatedUnion('gantry', [vmTextSchema, networkTextSchema]);

type Wanted = z.infer<typeof documentSchema>;

const readWanted = (file: string): Promise<readonly Wanted[]> =>
  readDocuments(file, {
    schema: documentSchema,
    newestFormat: definitionFormat,
    hint: 'a document begins as: gantry vm export NAME, or gantry network export NAME',
  });

async function findVm(run: Run, name: string): Promise<Vm | undefined> {
  try {
    return await run.client.call('vm.show', { params: { vm: name } }, run.signal);
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

async function applyVm(
  run: Run,
  wanted: z.infer<typeof vmTextSchema>,
): Promise<'created' | 'changed' | 'unchanged'> {
  const { client, out, signal } = run;
  const { id: _id, ...definition } = wanted.definition as { id?: unknown; name: string };
  const vm = await findVm(run, definition.name);
  if (vm === undefined) {
    out.note(`+ vm ${definition.name}`);
    const { name, ...rest } = definition;
    const body = { ...wanted.create, name, definition: rest } as { name: string };
    const started = await client.call('vm.create', { body }, signal);
    await finish(run, started, () => `vm ${name} was created`);
    return 'created';
  }
  const before = Object.fromEntries(
    Object.entries(vm.definition).filter(([key]) => Object.hasOwn(definition, key)),
  );
  const changes = diffSettings(before, definition).filter(
    (change) => change.path !== 'settings/shutdown/quit/was_running',
  );
  if (changes.length === 0) return 'unchanged';
  out.note(`~ vm ${vm.name}`);
  for (const change of changes)
    out.note(
      `    ${change.path}: ${writeValue(change.oldValue)} -> ${writeValue(change.newValue)}`,
    );
  const started = await client.call(
    'vm.update',
    { params: { vm: vm.id }, body: definition, ifMatch: vm.version },
    signal,
  );
  await finish(run, started, () => `vm ${vm.name} was changed`);
  return 'changed';
}

export const applyCommands = [
  command({
    name: 'apply',
    summary: 'make vms and networks as documents say: create, or change what differs',
    options: {
      file: {
        type: 'list',
        short: 'f',
        value: 'FILE',
        meaning: 'YAML or JSON; - is standard input',
      },
    },
    examples: ['gantry apply -f web-1.yaml', 'gantry apply -f fleet.yaml --dry-run'],
    async run(run) {
      const { file: files = [] } = run.options;
      if (files.length === 0)
        throw new Fault('invalid', 'apply needs a file', { hint: 'gantry apply -f web-1.yaml' });
      const wanted = (await Promise.all(files.map(readWanted))).flat();
      const counts = { created: 0, changed: 0, unchanged: 0 };
      // Vms are plugged into networks.
      for (const document of wanted)
        if (document.gantry === 'network') counts[await applyNetwork(run, document)] += 1;
      for (const document of wanted)
        if (document.gantry === 'vm') counts[await applyVm(run, document)] += 1;
      run.out.line(
        `${counts.created} ${run.dryRun ? 'to create' : 'created'}, ${counts.changed} ${run.dryRun ? 'to change' : 'changed'}, ${counts.unchanged} unchanged`,
      );
    },
  }),
];
