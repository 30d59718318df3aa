import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isFault } from '#lib';
import { withoutQemu } from '../testing/qemu-agent.ts';
import { ImageChecks } from './image-checks.ts';

const folder = mkdtempSync(join(tmpdir(), 'gi-'));
after(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);

/** The real program, with a tally of its calls. */
const counting = place('qemu-img');
writeFileSync(counting, `#!/bin/sh\necho >>${place('calls')}\nexec qemu-img "$@"\n`);
chmodSync(counting, 0o755);

async function callsFor(work: () => Promise<void>): Promise<number> {
  writeFileSync(place('calls'), '');
  await work();
  return readFileSync(place('calls'), 'utf8').length;
}

void test('an image is asked about once for each content', { skip: withoutQemu }, async () => {
  const path = place('disk.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
  const checks = new ImageChecks();
  const check = (): Promise<void> => checks.check(counting, { path, format: 'qcow2' }, [folder]);
  assert.equal(await callsFor(check), 1);
  assert.equal(await callsFor(check), 0);
  execFileSync('qemu-img', ['resize', '-q', path, '2M']);
  assert.equal(await callsFor(check), 1);
  writeFileSync(path, 'no longer an image');
  await assert.rejects(check(), (error) => isFault(error));
  await assert.rejects(check(), (error) => isFault(error));
});

void test('one with a parent is asked about each time', { skip: withoutQemu }, async () => {
  const [parent, path] = [place('parent.qcow2'), place('child.qcow2')];
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', parent, '1M']);
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', parent, path]);
  const checks = new ImageChecks();
  const check = (): Promise<void> => checks.check(counting, { path, format: 'qcow2' }, [folder]);
  assert.equal(await callsFor(check), 1);
  assert.equal(await callsFor(check), 1);
  await assert.rejects(checks.check(counting, { path, format: 'qcow2' }, []), (error) =>
    isFault(error, 'invalid'),
  );
});
