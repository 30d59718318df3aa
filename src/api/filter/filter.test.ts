import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { compileFilter } from './match.ts';
import { parseFilter, type Filter } from './parse.ts';

const vm = {
  name: 'Web-1',
  state: 'running',
  host: 'h1',
  description: 'front end',
  stateNumber: 5,
  definition: {
    tags: ['web', 'blue'],
    production: true,
    hardware: {
      memory: { sizeBytes: 1073741824, maxBytes: null },
      disks: [
        { bus: 'scsi', file: 'a.qcow2', sizeBytes: 10 },
        { bus: 'ide', file: 'b.raw', sizeBytes: 20 },
      ],
    },
  },
  createdAt: '2026-01-31T12:00:00.000Z',
};

function matches(filter: string, thing: unknown = vm): boolean {
  return compileFilter(parseFilter(filter))(thing);
}

test('equality ignores case and takes a star for any text', () => {
  assert.equal(matches('state = RUNNING'), true);
  assert.equal(matches('name = web-1'), true);
  assert.equal(matches('name = web*'), true);
  assert.equal(matches('name = *1'), true);
  assert.equal(matches('name = w*b*1'), true);
  assert.equal(matches('name = w*b'), false);
  assert.equal(matches('name != web-1'), false);
  assert.equal(matches('name != db'), true);
});

test('a star never matches overlapping ends', () => {
  assert.equal(matches('name = aba*ba', { name: 'aba' }), false);
  assert.equal(matches('name = aba*ba', { name: 'ababa' }), true);
});

test('paths lead into objects and through every member of a list', () => {
  assert.equal(matches('definition.tags : web'), true);
  assert.equal(matches('definition.tags = blue'), true);
  assert.equal(matches('definition.hardware.disks.bus = ide'), true);
  assert.equal(matches('definition.hardware.disks.bus = sata'), false);
  assert.equal(matches('definition.production = true'), true);
  assert.equal(matches('definition.hardware.memory.maxBytes = null'), true);
});

test('paths never reach what every object inherits', () => {
  assert.equal(matches('constructor.name : *'), false);
  assert.equal(matches('__proto__.toString : *'), false);
});

test('numbers compare as numbers, also with units, and times as texts of equal form', () => {
  assert.equal(matches('definition.hardware.memory.sizeBytes >= 1G'), true);
  assert.equal(matches('definition.hardware.memory.sizeBytes > 1GiB'), false);
  assert.equal(matches('stateNumber < 6'), true);
  assert.equal(matches('offset < -5', { offset: -6 }), true);
  assert.equal(matches('createdAt > "2026-01-30T00:00:00Z"'), true);
  assert.equal(matches('createdAt < "2026-01-30T00:00:00Z"'), false);
});

test('OR binds stronger than AND, as AIP-160 has it, and adjacent terms mean AND', () => {
  assert.equal(matches('state = off AND host = h1 OR host = h2'), false);
  assert.equal(matches('(state = off AND host = h1) OR host = h1'), true);
  assert.equal(matches('state = running host = h1'), true);
  assert.equal(matches('state = running host = h2'), false);
});

test('NOT and a hyphen turn a term around', () => {
  assert.equal(matches('NOT state = off'), true);
  assert.equal(matches('-state = running'), false);
  assert.equal(matches('-"web"'), false);
  assert.equal(matches('NOT NOT state = running'), true);
});

test('a bare word or a quoted text is looked for in the texts people know a thing by', () => {
  assert.equal(matches('web'), true);
  assert.equal(matches('"front end"'), true);
  assert.equal(matches('nowhere'), false);
  assert.equal(matches('"a \\"quoted\\" text"', { message: 'say a "quoted" text' }), true);
});

const broken = [
  '',
  '   ',
  'name =',
  '= web',
  '(name = web',
  'name = web)',
  'name = "web',
  'AND name = web',
  'name = web OR',
  'name..x = 1',
  'a.b.c.d.e.f.g.h.i = 1',
  '('.repeat(100),
  'NOT '.repeat(100) + 'a',
  'a '.repeat(1000),
];

for (const text of broken) {
  test(`what is no filter is refused with the place: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(
      () => parseFilter(text),
      (error) => isFault(error, 'invalid') && typeof error.facts['at'] === 'number',
    );
  });
}

test('whatever is typed is either parsed or refused with a fault, and never takes long', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      try {
        compileFilter(parseFilter(text))(vm);
      } catch (error) {
        if (!isFault(error, 'invalid')) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

function write(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return `(${filter.terms.map(write).join(' AND ')})`;
    case 'or':
      return `(${filter.terms.map(write).join(' OR ')})`;
    case 'not':
      return `NOT ${write(filter.term)}`;
    case 'text':
      return JSON.stringify(filter.text);
    case 'compare':
      return `${filter.path.join('.')} ${filter.comparator} ${JSON.stringify(filter.value)}`;
  }
}

test('a filter written out means the same when it is read again', () => {
  const leaf: fc.Arbitrary<Filter> = fc.record({
    kind: fc.constant('compare' as const),
    path: fc.constantFrom(['name'], ['state'], ['definition', 'tags'], ['stateNumber']),
    comparator: fc.constantFrom('=', '!=', ':', '<', '>='),
    value: fc.constantFrom('web-1', 'running', '5', 'w*', 'blue'),
  });
  const { tree } = fc.letrec<{ tree: Filter }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ kind: fc.constant('not' as const), term: tie('tree') }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
      }),
    ),
  }));
  fc.assert(
    fc.property(tree, (filter) => {
      assert.equal(compileFilter(filter)(vm), matches(write(filter)));
    }),
  );
});
