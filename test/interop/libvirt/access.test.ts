/** The table's access classes judged by libvirtd: what it forbids a read-only connection, we forbid. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isFault } from '#lib';
import {
  connectLibvirt,
  libvirtFacts,
  procedureNames,
  type Client,
  type ProcedureName,
} from '#libvirt';
import { accessOf } from '../../../src/libvirt/procedures/entry.ts';
import { routeOf } from '../../../src/libvirt/procedures/table.ts';
import { sampleOf } from '../../../src/libvirt/testing/sample.ts';
import { struct } from '../../../src/libvirt/wire/shape.ts';
import { startLibvirtd, type Libvirtd } from './daemon.ts';
import { whyNot } from './tools.ts';

const skip = await whyNot('libvirtd');

let daemon: Libvirtd | undefined;
before(async () => {
  if (skip === false) daemon = await startLibvirtd();
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Calls that libvirtd refuses for another reason before it looks at the connection. */
const undecided: ReadonlySet<ProcedureName> = new Set<ProcedureName>([
  // They want a file descriptor first.
  'DOMAIN_OPEN_GRAPHICS',
  'DOMAIN_FD_ASSOCIATE',
]);

interface AnyClient {
  call(name: ProcedureName, args: unknown): Promise<unknown>;
  open(name: ProcedureName, args: unknown): Promise<{ readonly stream: AsyncDisposable }>;
}

async function isForbidden(
  client: Client,
  name: ProcedureName,
  args: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  // Arguments are samples of the shape; the compiler cannot know that.
  const any = client as unknown as AnyClient;
  try {
    if (routeOf(name).entry.stream === 'none') await any.call(name, args);
    else await (await any.open(name, args)).stream[Symbol.asyncDispose]();
    return false;
  } catch (error) {
    assert.ok(isFault(error), String(error));
    const facts = libvirtFacts(error);
    assert.ok(facts, `${name}: ${error.message}`);
    return facts.name === 'OPERATION_DENIED';
  }
}

function argsOf(
  name: ProcedureName,
  changes: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { args } = routeOf(name).entry;
  const sample = sampleOf(struct(args), { optional: 'there', listLength: 1 });
  const out: Record<string, unknown> = { ...(sample as Readonly<Record<string, unknown>>) };
  for (const [member, value] of Object.entries(changes)) {
    const kind = args[member]?.kind;
    if (kind !== undefined) out[member] = kind === 'uhyper' ? BigInt(Number(value)) : value;
  }
  // Counts are held against what is allowed before anything else.
  for (const [member, field] of Object.entries(args)) {
    if (field.kind === 'int' || (field.kind === 'uint' && member !== 'flags')) {
      out[member] = changes[member] ?? 1;
    }
  }
  return out;
}

void test(
  'libvirtd forbids a read-only connection exactly what the table says',
  { skip },
  async () => {
    await using client = await connectLibvirt(
      `test+unix:///default?socket=${daemon?.readOnlySocket ?? ''}`,
      { access: 'read' },
    );
    const wrong: string[] = [];
    let checked = 0;
    for (const name of procedureNames) {
      const { entry } = routeOf(name);
      if (entry.access === 'session' || undecided.has(name)) continue;
      const variants: Readonly<Record<string, unknown>>[] = [{ flags: 0, source: 0 }];
      if (entry.guard) {
        const { guard } = entry;
        for (let bit = 1; bit < 2 ** 31; bit *= 2) variants.push({ [guard.arg]: bit });
      }
      for (const variant of variants) {
        const args = argsOf(name, variant);
        const ours = accessOf(entry, args) === 'write';
        const theirs = await isForbidden(client, name, args);
        checked += 1;
        if (ours !== theirs) wrong.push(`${name} ${JSON.stringify(variant)}: ${theirs}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(checked > 550, `${checked} calls`);
  },
);
