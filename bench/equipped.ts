/** An installation of a bench that has the starter appliance. */
import { dirname } from 'node:path';
import { buildImage } from '#images';
import { testCache } from '../images/testing/machine.ts';
import { newGantry, type Gantry } from '../test/e2e/gantry.ts';
import { note } from './measure.ts';

/** Its image is called `starter`. */
export async function newEquippedGantry(): Promise<Gantry> {
  note('the starter appliance, built unless it is there');
  const { path: image } = await buildImage({ kind: 'starter', cacheDir: testCache });
  await using stack = new AsyncDisposableStack();
  const gantry = stack.use(await newGantry());
  note('an installation');
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const [host] = await gantry.json<{ name: string }[]>('host', 'list');
  await gantry.must('host', 'set', host?.name ?? '', `settings.searchPath=[${dirname(image)}]`);
  await gantry.must('image', 'add', 'starter', image);
  stack.move();
  return gantry;
}
