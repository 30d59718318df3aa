/** A guest that is told who it is: it reads the configuration disk of its vm, as cloud-init does, by the name of the volume. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { signInAtSerial } from '../e2e/serial.ts';
import { makeShelf, type Shelf } from '../e2e/shelf.ts';

let gantry: Gantry;
let shelf: Shelf;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  shelf = await makeShelf(gantry);
  await gantry.must('image', 'add', 'starter', shelf.starter);
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
  shelf?.[Symbol.dispose]();
});

test('the guest of a copy reads on its configuration disk which instance it is, how it is called and what it is to do', async () => {
  const settings = join(shelf.path, 'settings.yaml');
  writeFileSync(settings, '#cloud-config\npackages: [nginx]\n');
  const system = ['--image', 'starter', '--guest', 'gantry-starter', '--memory', '192M'];
  await gantry.must('vm', 'create', 'golden', ...system);
  await gantry.must('vm', 'template', 'golden');
  const told = ['--host-name', 'web-1.example', '--user-data', settings];
  await gantry.must('vm', 'clone', 'golden', 'web-1', '--linked', ...told);
  await gantry.must('vm', 'start', 'web-1');
  const { id } = await gantry.json<Vm>('vm', 'show', 'web-1');
  await using person = await signInAtSerial(gantry, 'web-1');
  const ask = async (line: string): Promise<string> => {
    person.forget();
    person.type(`${line}; echo "<""end>"\r`);
    await person.until(/<end>/);
    return person.text;
  };
  const mounting = await ask(
    'modprobe -a sr_mod isofs; until [ -b /dev/sr0 ]; do sleep 0.1; done; mkdir -p /tmp/seed && mount -t iso9660 -o ro /dev/sr0 /tmp/seed && echo moun""ted',
  );
  assert.match(mounting, /mounted\r/);
  // The label, in the primary volume descriptor.
  const label = 'dd if=/dev/sr0 bs=2048 skip=16 count=1 2>/dev/null | head -c 72 | tail -c 32';
  assert.match(await ask(label), /^cidata\s/im);
  const instance = await ask('cat /tmp/seed/meta-data');
  assert.ok(
    instance.includes(`"instance-id": "${id}"`) || instance.includes(`"instance-id":"${id}"`),
  );
  assert.match(instance, /"local-hostname": ?"web-1\.example"/);
  assert.match(await ask('cat /tmp/seed/user-data'), /#cloud-config\s+packages: \[nginx\]/);
});
