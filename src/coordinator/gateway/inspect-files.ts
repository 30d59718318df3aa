/** Files of a host that are to be disks of a vm. */
import { libvirtFault } from '#libvirt';
import type { Connection } from './connection.ts';
import type { FoundDisk } from './define/merge-wish.ts';

/** What the host says of files that are to be disks. Errors: those of host.disk; CONFIG_UNSUPPORTED for other formats. */
export async function inspectFiles(
  { parts }: Connection,
  hostId: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundDisk>> {
  const found = new Map<string, FoundDisk>();
  for (const file of files) {
    const asked = { params: { host: hostId }, query: { file } };
    const { format, sizeBytes } = await parts.desk.ask(parts.caller, 'host.disk', asked, signal);
    if ((format !== 'qcow2' && format !== 'raw') || sizeBytes === null)
      throw libvirtFault(
        'CONFIG_UNSUPPORTED',
        `${file.slice(0, 200)} is no disk that a vm can have`,
      );
    found.set(file, { format, sizeBytes });
  }
  return found;
}
