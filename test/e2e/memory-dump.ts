/** All memory of the vm hello in a file of its host, as virsh asks for it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `folder`: one that vms may use. */
export async function dumpHello(
  say: (...words: readonly string[]) => Promise<string>,
  folder: string,
): Promise<void> {
  const file = join(folder, 'hello.dump');
  await say('dump', 'hello', file, '--memory-only');
  assert.equal(readFileSync(file, 'latin1').slice(0, 4), '\x7fELF');
}
