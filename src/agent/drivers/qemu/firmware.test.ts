import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UefiFirmware } from '#qemu';
import { judgeOtherUefi } from './firmware.ts';

void test('variables of another program do where the vm would start with the same image, and they are as large', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'uefi-'));
  try {
    const at = (name: string): string => join(folder, name);
    for (const name of ['plain.fd', 'secure.fd']) await writeFile(at(name), name);
    await writeFile(at('vars.fd'), Buffer.alloc(1000));
    await symlink('secure.fd', at('enrolled.fd'));
    const image = (name: string, secureBoot: UefiFirmware['secureBoot']): UefiFirmware => ({
      description: name,
      codePath: at(name),
      varsTemplatePath: at('vars.fd'),
      secureBoot,
      chipsets: ['q35'],
    });
    const all = [image('enrolled.fd', 'enrolled'), image('plain.fd', 'none')];
    const judge = async (name: string, secureBoot: boolean, variablesBytes = 1000) => {
      const uefi = { machine: 'q35', code: at(name), secureBoot, variablesBytes } as const;
      return await judgeOtherUefi(all, uefi);
    };
    // By either name.
    for (const name of ['secure.fd', 'enrolled.fd']) assert.deepEqual(await judge(name, true), []);
    assert.deepEqual(await judge('plain.fd', false), []);
    const [other, ...rest] = await judge('secure.fd', false);
    assert.deepEqual([other?.code, rest], ['firmware-other', []]);
    assert.match(other?.text ?? '', /secure\.fd, the host would with .*plain\.fd/);
    const [absent] = await judge('gone.fd', true);
    assert.equal(absent?.code, 'firmware-other');
    const [small] = await judge('plain.fd', false, 999);
    assert.match(small?.text ?? '', /have 999 bytes, those of .*plain\.fd have 1000/);
    const none = await judgeOtherUefi([], {
      machine: 'q35',
      code: at('plain.fd'),
      secureBoot: true,
      variablesBytes: 1000,
    });
    assert.deepEqual(
      none.map(({ code }) => code),
      ['firmware-missing'],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
