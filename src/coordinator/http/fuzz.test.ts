/**
 * Whatever the schemas allow, and much that they do not: no 500, no crash, and after a refusal nothing has
 * changed. Seeded: a failure prints the seed.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { Fault } from '#lib';
import { problemSchema, routes, type Route, type RouteName } from '#api';
import { FakeAgent, facts, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import { foreignMachine } from '../testing/foreign-machine.ts';
import { Stage } from '../testing/stage.ts';

const nothingThere = ({ file }: { file: string }): never => {
  throw new Fault('not-found', `there is no ${file}`);
};

let stage: Stage;
let agent: FakeAgent;

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  const definition = makeDefinition('target');
  const report = { report: makeReport(definition) };
  const check = { ok: true, reasons: [], warnings: [] };
  const live = { live: false };
  Object.assign(agent.handlers, {
    'host.configure': () => ({}),
    'host.diagnose': () => ({ findings: [] }),
    'host.probe': () => ({ facts }),
    'host.service': () => ({ running: true }),
    'host.devices': () => ({ devices: [], complete: true }),
    'host.disks': () => ({ disks: [], complete: true }),
    'host.media': () => ({ files: [], complete: true, inserted: [] }),
    'host.disk': nothingThere,
    'host.identify': nothingThere,
    'host.disk.plan': nothingThere,
    'host.drive': nothingThere,
    'host.discover': () => ({ machines: [makeRecord(definition, 1)] }),
    'machine.plan': () => check,
    'machine.check': () => check,
    'machine.read-foreign': ({ file }: { file: string }) => ({ machine: foreignMachine(file) }),
    'machine.files': () => ({ folder: '/vms/target', files: [] }),
    'machine.hardware': () => ({ running: false, accelerator: 'tcg', devices: [] }),
    'machine.configure': () => report,
    'machine.act': () => report,
    'machine.disk.inspect': () => ({ sizeBytes: 1, fileBytes: 1, backing: null, system: true }),
    'machine.disk.attach': () => live,
    'machine.disk.detach': () => live,
    'machine.adapter.attach': () => live,
    'machine.adapter.detach': () => live,
    'machine.share.add': () => live,
    'machine.share.remove': () => live,
    'machine.medium': () => live,
    'machine.screenshot': () => ({ png: '' }),
    'machine.type': () => ({}),
    'machine.keys': () => ({}),
  });
  await agent.connect([makeRecord(definition, 1)]);
  await stage.send('POST', '/folders', { body: { name: 'target' } });
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values people and attackers like. */
const oddities = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e300,
    Number.MAX_SAFE_INTEGER,
    0.1,
    '',
    ' ',
    '..',
    '../../etc/passwd',
    '\u0000',
    '\u202e',
    '\ud800',
    'a'.repeat(5000),
    [],
    {},
    { constructor: { prototype: { polluted: true } } },
    [[[[[]]]]],
    'NaN',
    '1e999',
    "'; DROP TABLE documents; --",
    '${7*7}',
    '%s%n',
    'target',
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ maxLength: 60, unit: 'binary' }),
);

/** Values that mostly fit the schema. */
function fitting(
  schema: JsonSchema,
  defs: Readonly<Record<string, JsonSchema>>,
  depth = 0,
): fc.Arbitrary<unknown> {
  if (depth > 6) return oddities;
  if (schema.$ref !== undefined)
    return fitting(defs[schema.$ref.replace('#/$defs/', '')] ?? {}, defs, depth + 1);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (options !== undefined)
    return fc.oneof(...options.map((option) => fitting(option, defs, depth + 1)));
  switch (schema.type) {
    case 'string':
      return fc.oneof(
        fc.constantFrom(
          'target',
          'web-1',
          'h1',
          '/',
          'modern',
          'starter',
          '2026-01-01T00:00:00.000Z',
        ),
        fc.string({ minLength: 1, maxLength: 30 }),
      );
    case 'integer':
    case 'number': {
      const min = Math.max(schema.minimum ?? 0, -1e9);
      return fc.integer({ min, max: Math.max(min, Math.min(schema.maximum ?? 1e9, 1e9)) });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(fitting(schema.items ?? {}, defs, depth + 1), { maxLength: 3 });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, inner]) =>
          [name, fc.option(fitting(inner, defs, depth + 1), { nil: undefined })] as const,
      );
      return fc
        .record(Object.fromEntries(fields))
        .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    }
    case undefined:
    default:
      return oddities;
  }
}

/** Now and then something else, anywhere in it. */
function damaged(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 1, arbitrary: oddities },
    {
      weight: 2,
      arbitrary: fc
        .tuple(value, fc.string({ minLength: 1, maxLength: 12 }), oddities)
        .map(([whole, name, odd]) =>
          typeof whole === 'object' && whole !== null && !Array.isArray(whole)
            ? { ...whole, [Object.keys(whole)[name.length % 5] ?? name]: odd }
            : whole,
        ),
    },
  );
}

function valuesOf(schema: z.ZodType | undefined): fc.Arbitrary<unknown> {
  if (schema === undefined) return fc.constant(undefined);
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return damaged(fitting(json, json.$defs ?? {}));
}

const reference = fc.constantFrom(
  'target',
  'nothing',
  '/target',
  'turn-on',
  'sata0:0',
  '0',
  '..%2f',
  '%00',
);

// What would end the test's own session or the agent's link, and streams, which have tests of their own.
const left: ReadonlySet<RouteName> = new Set([
  // They dial what is named, wherever that is.
  'host.add',
  'host.connect',
  'watch.open',
  'event.watch',
  'event.clear',
  'session.delete',
  'host.remove',
  'vm.remove',
  'vm.delete',
  'folder.delete',
  'user.delete',
  'user.update',
  'grant.delete',
  'grant.create',
  'token.delete',
]);

for (const name of Object.keys(routes) as RouteName[]) {
  if (left.has(name)) continue;
  const route: Route = routes[name];
  const runs = route.method === 'GET' ? 12 : 30;
  test(`${name}: whatever is asked, it is answered or refused with a fault, and a refusal changes nothing`, async () => {
    const asked = fc.record({
      body: valuesOf(route.body),
      query: valuesOf(route.query),
      names: fc.array(reference, { minLength: 3, maxLength: 3 }),
      headers: fc.constantFrom<Record<string, string>>(
        {},
        { 'if-match': '"1"' },
        { 'if-match': '*' },
        { 'if-match': '"999"' },
        { prefer: 'wait=0' },
      ),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ body, query, names, headers }) => {
        let at = 0;
        const path = route.path.replaceAll(/\{\w+\}/g, () => names[at++] ?? 'target');
        const pairs = Object.entries(typeof query === 'object' && query !== null ? query : {});
        const search = pairs
          .map(
            ([key, value]) =>
              `${encode(key)}=${encode(typeof value === 'string' ? value : JSON.stringify(value))}`,
          )
          .join('&')
          .slice(0, 3000);
        const vms = stage.coordinator.inventory.count('vm');
        const answer = await stage.send(
          route.method,
          `${path}${search === '' ? '' : `?${search}`}`,
          {
            headers,
            ...(body === undefined ? {} : { body }),
          },
        );
        assert.ok(answer.status < 500, `${answer.status} ${answer.text}`);
        if (answer.status >= 400) {
          problemSchema.parse(answer.json);
          assert.equal(stage.coordinator.inventory.count('vm'), vms);
        }
      }),
      { numRuns: runs },
    );
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
