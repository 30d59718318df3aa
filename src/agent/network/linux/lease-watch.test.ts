import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { addresses, spec } from '../../testing/network-place.ts';
import { LeaseWatch } from './lease-watch.ts';

const network = spec(1, { type: 'nat', ipv4: addresses('10.75.1') });
const line = (last: number): string =>
  `4102444800 52:47:59:00:00:0${last} 10.75.1.10${last} vm-${last} *\n`;

void test('a lease is told when its file changes, also in a folder that was made anew, and not by a look now and then', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const folder = await mkdtemp(join(tmpdir(), 'lw-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'one', 'leases');
  await mkdir(dirname(path));
  let changed = Promise.withResolvers<void>();
  const watch = new LeaseWatch(
    () => path,
    () => changed.resolve(),
  );
  context.after(() => watch.cease());
  const becomes = async (...wanted: readonly string[]): Promise<void> => {
    const leased = (): readonly string[] =>
      watch.tables.get(network.id)?.map(({ address }) => address) ?? [];
    while (!isDeepStrictEqual(leased(), wanted)) {
      await changed.promise;
      changed = Promise.withResolvers();
    }
  };
  watch.keep([network]);
  await writeFile(path, line(1));
  await becomes('10.75.1.101');
  await appendFile(path, line(2));
  await becomes('10.75.1.101', '10.75.1.102');
  await rm(dirname(path), { recursive: true });
  await mkdir(dirname(path));
  watch.keep([network]);
  await writeFile(path, line(3));
  await becomes('10.75.1.103');
  await appendFile(path, line(4));
  await becomes('10.75.1.103', '10.75.1.104');
});
