/** Disks of the formats that #disk knows: their version, what they are, and what can be done with them. */
import { detectFormat, hostStore, inspectDisk, openDisk, type DiskFile, type Format } from '#disk';
import { describeFault, formatBytes, isFault } from '#lib';
import { use, type FileUse, type Found, type Looks } from './kind.ts';

/** Where each format says which version of it a file has; QED has none. */
const versions: Readonly<Record<string, (looks: Looks, tail: Buffer) => string | null>> = {
  qcow2: ({ head }) => `${head.readUInt32BE(4)}`,
  qcow1: ({ head }) => `${head.readUInt32BE(4)}`,
  vhd: ({ head }, tail) => {
    const footer = [head, tail, tail.subarray(1)].find(
      (one) => one.toString('latin1', 0, 8) === 'conectix',
    );
    if (footer === undefined) return null;
    return `${footer.readUInt16BE(12)}.${footer.readUInt16BE(14)}`;
  },
  vhdx: ({ head }) => (head.length < 65_604 ? null : `${head.readUInt16LE(65_602)}`),
  vmdk: ({ head }) => {
    const text = /^\s*version\s*=\s*(\d{1,9})/im.exec(head.toString('latin1', 0, 4096))?.[1];
    const isText = /^\s*#/.test(head.toString('latin1', 0, 64));
    return isText ? (text ?? null) : `${head.readUInt32LE(4)}`;
  },
  vdi: ({ head }) => `${head.readUInt16LE(0x46)}.${head.readUInt16LE(0x44)}`,
  parallels: ({ head }) => `${head.readUInt32LE(16)}`,
};

/** The format of a virtual disk; undefined for what has no structure of one, as raw disks. */
export async function findDiskFormat(file: DiskFile): Promise<Format | undefined> {
  const format = await detectFormat(file);
  return format?.name === 'raw' ? undefined : format;
}

export async function describeDisk(path: string, format: Format, looks: Looks): Promise<Found> {
  const tailAt = Math.max(0, looks.sizeBytes - 512);
  const tail = (await looks.at(tailAt)).subarray(0, 512);
  let version: string | null = null;
  try {
    version = versions[format.name]?.(looks, tail) ?? null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the file ends before it
  }
  try {
    await using disk = await openDisk({
      path,
      store: hostStore(),
      format: format.name,
      parent: 'none',
    });
    const [top] = await inspectDisk(disk);
    if (top === undefined) return { version };
    const parents = top.parentReference?.names ?? [];
    return {
      version,
      details: [
        `${top.variant}, a disk of ${formatBytes(top.sizeBytes)}`,
        ...(parents.length === 0 ? [] : [`holds changes over ${parents[0] ?? ''}`]),
        ...((top.snapshots?.length ?? 0) > 0 ? [`${top.snapshots?.length} snapshots in it`] : []),
        ...top.remarks,
      ],
    };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { version, details: [`it cannot be opened: ${describeFault(error)}`] };
  }
}

/** What is only read has no kinds that can be created. */
export function usesOfDisk(format: Format): readonly FileUse[] {
  const isWritten = format.variants.length > 0;
  const attach = `gantry vm attach-disk VM --file FILE --format ${format.name}`;
  return [
    use('look at it', 'gantry disk inspect FILE'),
    use('files inside', 'gantry disk files FILE'),
    use('convert it', 'gantry disk convert FILE NEW'),
    ...(isWritten ? [use('change it', 'gantry disk resize, compact, commit, flatten, …')] : []),
    use(
      isWritten ? 'run from it' : 'run from it, read-only',
      isWritten ? attach : `${attach} --read-only`,
    ),
    use('a copy of it for a vm', 'gantry vm attach-disk VM --import FILE'),
    ...(isWritten
      ? [use('make new ones', `gantry disk create NEW SIZE --format ${format.name}`)]
      : []),
  ];
}
