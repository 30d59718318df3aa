import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayBack } from './way-back.ts';

test('a member comes back to how it was found', () => {
  assert.deepEqual(wayBack('off', 'running'), ['turn-off']);
  assert.deepEqual(wayBack('saved', 'running'), ['save']);
  assert.deepEqual(wayBack('running', 'paused'), ['resume']);
  assert.deepEqual(wayBack('running', 'saved'), ['restore']);
  assert.deepEqual(wayBack('running', 'off'), ['turn-on']);
  assert.deepEqual(wayBack('paused', 'saved'), ['restore', 'pause']);
  assert.deepEqual(wayBack('paused', 'off'), ['turn-on', 'pause']);
  assert.deepEqual(wayBack('held', 'off'), ['hold'], 'not a single instruction is executed');
});

test('nothing is done where it is so already, and where no way leads back', () => {
  assert.deepEqual(wayBack('off', 'off'), []);
  assert.deepEqual(wayBack('running', 'running'), []);
  assert.deepEqual(wayBack('running', 'unknown'), []);
  assert.deepEqual(wayBack('held', 'saved'), []);
});
