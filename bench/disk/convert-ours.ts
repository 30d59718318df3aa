/** One conversion by the library, as its own process, so that time and memory are those of a user's command. */
import { convertDisk, hostStore, openDisk } from '#disk';

const [source = '', target = '', format = '', variant = '', compression = ''] =
  process.argv.slice(2);
const store = hostStore();
await using disk = await openDisk({ path: source, store });
await convertDisk(disk, {
  store,
  compress: compression !== '',
  target: {
    path: target,
    format,
    durability: 'memory',
    existing: 'replace',
    ...(variant === '' ? {} : { variant }),
    ...(compression === 'zlib' || compression === 'zstd' ? { compression } : {}),
  },
});
