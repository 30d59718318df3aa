/** Volumes over a base, as Terraform and virsh make them, and vms on them, on a real host behind the gateway. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('virsh', 'qemu-system-x86_64');
let stage: Stage;

before(async () => {
  if (skip !== false) return;
  stage = await Stage.open();
  await stage.addQemuHost('ada');
});
after(() => (stage as Stage | undefined)?.[Symbol.asyncDispose]());

const run = (...words: readonly string[]): Promise<Ran> =>
  virsh(`gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`, ...words);
async function say(words: string): Promise<string> {
  const { code, out, err } = await run(...words.split(' '));
  assert.equal(code, 0, `${words}: ${err}`);
  return out;
}
async function keep(name: string, xml: string): Promise<string> {
  const file = join(stage.folder, name);
  await writeFile(file, xml);
  return file;
}

void test(
  'several vms start on volumes over one base, which is as it was when they have gone',
  { skip },
  async () => {
    await say('vol-create-as default base.qcow2 8M --format qcow2');
    const base = (await say('vol-path base.qcow2 --pool default')).trim();
    const content = createHash('sha256').update(readFileSync(base)).digest('hex');
    await say(
      'vol-create-as default one.qcow2 8M --format qcow2 --backing-vol base.qcow2 --backing-vol-format qcow2',
    );
    // As Terraform's provider has it: with a size of its own.
    const volume = `<volume><name>two.qcow2</name><capacity unit='MiB'>16</capacity><target><format type='qcow2'/></target>
<backingStore><path>${base}</path><format type='qcow2'/></backingStore></volume>`;
    await say(`vol-create default ${await keep('two.xml', volume)}`);
    assert.match(await say('vol-info two.qcow2 --pool default'), /Capacity: +16\.00 MiB/);
    assert.match(
      await say('vol-dumpxml two.qcow2 --pool default'),
      new RegExp(`<backingStore>\\s*<path>${base}</path>`),
    );
    for (const name of ['one', 'two']) {
      const path = (await say(`vol-path ${name}.qcow2 --pool default`)).trim();
      const domain = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;
      await say(`define ${await keep(`${name}.domain.xml`, domain)}`);
      await say(`start ${name}`);
    }
    assert.match(await say('domblkinfo two vda'), /Capacity: +16777216/);
    const refused = await run('vol-delete', 'base.qcow2', '--pool', 'default');
    assert.match(refused.err, /cannot delete .*base\.qcow2: a vm uses it/);
    for (const name of ['one', 'two']) {
      await say(`destroy ${name}`);
      await say(`undefine ${name}`);
      await say(`vol-delete ${name}.qcow2 --pool default`);
    }
    assert.equal(createHash('sha256').update(readFileSync(base)).digest('hex'), content);
    await say('vol-delete base.qcow2 --pool default');
  },
);
