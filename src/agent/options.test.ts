import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { parseOptions } from './options.ts';

const needed = ['--data', '/d', '--runtime', '/r', '--coordinator', 'https://h:1'];

test('what is needed is enough, and what is wrong is named', () => {
  const options = parseOptions(needed);
  assert.ok(options !== 'help');
  assert.equal(options.driver, 'qemu');
  assert.equal(options.coordinator.href, 'https://h:1/');
  const wrong: [string[], RegExp][] = [
    [needed.slice(2), /--data is needed/],
    [[...needed, '--driver', 'xen'], /--driver/],
    [[...needed, '--hosts', '2'], /--hosts is for simulated/],
    [[...needed, '--driver', 'simulated', '--vms=-1'], /--vms/],
    [['--data', '/d', '--runtime', '/r', '--coordinator', 'http://h'], /--coordinator/],
    [[...needed, '--surprise'], /options/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(
      () => parseOptions(args),
      (error) => {
        assert.ok(isFault(error, 'invalid'));
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.equal(parseOptions(['--help']), 'help');
});
