/** One verb of the library as a process of its own, so that time and memory are those of a user's command. */
import { enableCompileCache } from 'node:module';

// as a program of ours would: what was compiled once is taken from the cache
enableCompileCache();
const { checkDisk, compareDisks, convertDisk, hostStore, mapDisk, openDisk } =
  await import('#disk');

/** The images of a benchmark are sound and equal, else its numbers mean nothing. */
function expect(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

const [verb, source = '', ...rest] = process.argv.slice(2);
const store = hostStore();
await using disk = await openDisk({ path: source, store });

if (verb === 'convert') {
  const [path = '', format = '', variant = '', compression = ''] = rest;
  await convertDisk(disk, {
    store,
    compress: compression !== '',
    target: {
      path,
      format,
      durability: 'memory',
      ...(variant === '' ? {} : { variant }),
      ...(compression === 'zlib' || compression === 'zstd' ? { compression } : {}),
    },
  });
} else if (verb === 'compare') {
  await using other = await openDisk({ path: rest[0] ?? '', store });
  expect((await compareDisks(disk, other)).isEqual, 'the images differ');
} else if (verb === 'check') {
  expect((await checkDisk(disk)).corruptions === 0, 'the image is damaged');
} else {
  expect(verb === 'map', 'the verb is not known');
  let runs = 0;
  for await (const run of mapDisk(disk)) runs += run.length > 0 ? 1 : 0;
  process.stdout.write(`${runs} runs\n`);
}
