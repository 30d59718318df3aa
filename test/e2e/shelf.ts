/** A folder beside an installation whose files its vms may use, and the starter appliance that tests keep between runs. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Host } from '#api';
import { starterImage } from '../../src/agent/testing/qemu-agent.ts';
import type { Gantry } from './gantry.ts';

export interface Shelf extends Disposable {
  readonly path: string;
  /** The disk of the starter appliance, in QCOW2, which is never changed. */
  readonly starter: string;
  /** The name of the installation's one host. */
  readonly host: string;
}

/** Of an installation that is up. */
export async function makeShelf(gantry: Gantry): Promise<Shelf> {
  const path = `${gantry.data}-shelf`;
  mkdirSync(path);
  chmodSync(path, 0o755);
  const [first] = await gantry.json<readonly Host[]>('host', 'list');
  const host = first?.name ?? '';
  const { path: starter } = await starterImage();
  await gantry.must('host', 'set', host, `settings.searchPath=[${path}, ${dirname(starter)}]`);
  return {
    path,
    starter,
    host,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** `up` with its first vm, hello, made of an image that is there already. */
export async function upWithShelf(gantry: Gantry): Promise<Shelf> {
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const shelf = await makeShelf(gantry);
  await gantry.must('image', 'add', 'starter', shelf.starter);
  await gantry.must('up', '--yes');
  return shelf;
}
