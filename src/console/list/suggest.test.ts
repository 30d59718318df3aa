import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFilter } from '#api';
import { fieldsOf } from './fields.ts';
import { suggest } from './suggest.ts';

const fields = fieldsOf('vm.list');
const labels = (text: string): readonly string[] =>
  suggest(text, fields, { host: ['h1', 'the host'] }).map(({ label }) => label);

test('fields come from the schema, through optional parts and lists, with the values it lists', () => {
  const paths = fields.map(({ path }) => path);
  for (const path of ['name', 'state', 'definition.hardware.memory.sizeBytes', 'status.cpuPercent'])
    assert.ok(paths.includes(path), path);
  assert.ok(fields.find(({ path }) => path === 'state')?.values.includes('running'));
  assert.ok(
    fieldsOf('host.list')
      .find(({ path }) => path === 'status')
      ?.values.includes('ready'),
  );
});

test('first a field, then an operator that fits it, then a value, then how it goes on', () => {
  assert.equal(labels('sta')[0], 'state');
  assert.deepEqual(labels('state'), ['state =', 'state !=']);
  assert.ok(labels('status.cpuPercent ').includes('status.cpuPercent >'));
  assert.deepEqual(labels('state = run'), ['running']);
  assert.deepEqual(labels('state = running '), ['AND', 'OR']);
  assert.equal(labels('state = running AND na')[0], 'name');
});

test('what is known beside the schema is suggested too, in quotes where it needs them', () => {
  const taken = suggest('host = the', fields, { host: ['h1', 'the host'] })[0];
  assert.equal(taken?.text, 'host = "the host" ');
});

test('whatever is typed, taking values only ever leads to a filter that can be read', () => {
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.nat(5), fc.nat(11), ({ path }, first, second) => {
      const operator = suggest(path, fields)[first % 2]?.text ?? `${path} = `;
      const value = suggest(operator, fields)[second]?.text ?? `${operator}x`;
      parseFilter(value);
    }),
  );
});
