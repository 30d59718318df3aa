/** The configuration file of a vm: its definition with the version of its form (VM-04). */
import { readFile, stat } from 'node:fs/promises';
import { definitionFormat, findUnrepresented, vmFileSchema, type VmDefinition } from '#api';
import { Fault, miB } from '#lib';
import { writeFileAtomic } from './atomic-file.ts';

const maxFileBytes = 4 * miB;

export async function writeDefinitionFile(path: string, definition: VmDefinition): Promise<void> {
  const text = JSON.stringify({ gantry: 'vm', format: definitionFormat, definition }, undefined, 2);
  try {
    await writeFileAtomic(path, `${text}\n`, { mode: 0o600, durability: 'flushed' });
  } catch (cause) {
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new Fault(full ? 'exhausted' : 'internal', `cannot write ${path}`, { cause });
  }
}

/**
 * What a file says, but for its scripts: whoever can write a file where vms are looked for may not run programs
 * on this host. Errors: `not-found`; `too-large`; `unsupported` when a newer version wrote it; `invalid` naming the
 * setting (VM-71).
 */
export async function readDefinitionFile(path: string): Promise<VmDefinition> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) throw new Fault('not-found', `there is no configuration file ${path}`);
  if (stats.size > maxFileBytes) throw new Fault('too-large', `${path} has ${stats.size} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Fault('invalid', `${path} is not JSON`, { cause });
  }
  const format =
    typeof value === 'object' && value !== null && 'format' in value ? value.format : 0;
  if (typeof format === 'number' && format > definitionFormat) {
    throw new Fault(
      'unsupported',
      `${path} was written by a newer version of Gantry: it has the format ${format}, and ${definitionFormat} is known here`,
      { facts: { format, known: definitionFormat }, hint: 'update Gantry on this host' },
    );
  }
  const hits = findUnrepresented(definitionIn(value));
  if (hits.length > 0) {
    const problems = hits.map((hit) => `${hit.path}: ${hit.problem}`).join('; ');
    throw new Fault('invalid', `${path} asks for what no vm can have: ${problems}`, {
      facts: { issues: hits.map((hit) => ({ ...hit })) },
      hint: 'see the list with: gantry device unrepresented',
    });
  }
  const parsed = vmFileSchema.safeParse(value);
  if (parsed.success) return withoutScripts(parsed.data.definition);
  const [issue] = parsed.error.issues;
  const setting = issue?.path.join('/') ?? '';
  throw new Fault(
    'invalid',
    `${path} is no configuration of a vm: ${setting}: ${issue?.message ?? ''}`,
    {
      facts: { setting },
    },
  );
}

function definitionIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'definition' in value
    ? value.definition
    : undefined;
}

function withoutScripts(definition: VmDefinition): VmDefinition {
  return { ...definition, settings: { ...definition.settings, scripts: [] } };
}
