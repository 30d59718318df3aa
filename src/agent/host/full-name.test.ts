import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullNameOf, readFullName } from './full-name.ts';

test('a name is full with a domain; what an address is called is taken only where it is this host', () => {
  assert.equal(fullNameOf('h1', 'h1.example.org'), 'h1.example.org');
  assert.equal(fullNameOf('h1.Example.org.', undefined), 'h1.example.org');
  assert.equal(fullNameOf('h1.example.org', 'localhost'), 'h1.example.org');
  for (const found of [undefined, 'h1', 'localhost', 'h12.example.org', 'h1.exam ple.org'])
    assert.equal(fullNameOf('h1', found), undefined);
  assert.equal(fullNameOf('h1', `h1.${'a.'.repeat(200)}org`), undefined);
});

test('a host without a name in the network has none that is full', async () => {
  assert.equal(await readFullName('no-such-host-here'), undefined);
  assert.equal(await readFullName('h1.example.org'), 'h1.example.org');
});
