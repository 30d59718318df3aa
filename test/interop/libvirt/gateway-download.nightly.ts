/** The content of volumes through the gateway, by an unmodified virsh, from a host with an agent. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh', 'qemu-system-x86_64');

void test(
  'virsh fetches a volume, whole or in part, and is told why not while a vm runs with it',
  { skip },
  async (t) => {
    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    await stage.addQemuHost('h1');
    const here = `qemu+unix:///host/h1?socket=${join(stage.folder, 'run/libvirt-sock')}`;
    const told = async (words: string): Promise<string> => {
      const { code, out, err } = await virsh(here, words);
      assert.equal(code, 0, err);
      return out.trim();
    };
    const made = { name: 'web', memoryBytes: 64 * 1024 ** 2, network: 'none' };
    const disk = { kind: 'new', sizeBytes: 32 * 1024 ** 2 };
    const { state, fault } = await stage.act('POST', '/vms', { ...made, disk });
    assert.equal(state, 'done', JSON.stringify(fault));
    const [pool = ''] = (await told('pool-list --name')).split('\n');
    const [volume = ''] = (await told(`vol-list ${pool}`)).match(/web\/\S+/) ?? [];
    const source = readFileSync(await told(`vol-path ${volume} --pool ${pool}`));
    const at = (name: string): string => join(stage.folder, name);
    await told(`vol-download ${volume} ${at('whole')} --pool ${pool}`);
    assert.ok(readFileSync(at('whole')).equals(source));
    await told(`vol-download ${volume} ${at('part')} --pool ${pool} --offset 4 --length 100`);
    assert.ok(readFileSync(at('part')).equals(source.subarray(4, 104)));

    assert.equal((await stage.act('POST', '/vms/web/actions/turn-on', {})).state, 'done');
    const busy = await virsh(here, `vol-download ${volume} ${at('no')} --pool ${pool}`);
    assert.match(busy.err, /a vm that runs writes to it: web/);
    assert.equal((await stage.act('POST', '/vms/web/actions/turn-off', {})).state, 'done');
  },
);
