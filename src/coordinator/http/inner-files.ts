/** Files inside disks; one taken out as an answer: its name and, where it is known, its length go before. */
import type { Readable } from 'node:stream';
import {
  listInnerFiles,
  putInnerFile,
  readInnerFile,
  type TakenOut,
} from '../app/host-disk-files.ts';
import type { ConsoleParts } from '../app/vm/console-vm.ts';
import {
  listSnapshotFiles,
  readSnapshotFile,
  restoreSnapshotFile,
} from '../app/vm/snapshot-files.ts';
import type { Handlers, RouteRequest } from './route-handler.ts';

export function innerFileHandlers(
  parts: ConsoleParts,
): Pick<Handlers, 'host.disk.files' | 'host.disk.file' | 'host.disk.put-file'> {
  return {
    'host.disk.files': ({ caller, id, query, signal }) =>
      listInnerFiles(parts.coordinator, caller, id, query, signal),
    'host.disk.file': async (asked) => {
      const { caller, id, query, signal } = asked;
      return sendOut(asked, await readInnerFile(parts, caller, id, query, signal));
    },
    'host.disk.put-file': ({ caller, id, query, upload, signal }) =>
      putInnerFile(parts, caller, id, query, { ...upload, dryRun: query.dryRun }, signal),
  };
}

/** Of single files inside snapshots. */
export function snapshotFileHandlers(
  parts: ConsoleParts,
): Pick<Handlers, 'vm.snapshot.files' | 'vm.snapshot.file' | 'vm.snapshot.restore-file'> {
  const { coordinator } = parts;
  return {
    'vm.snapshot.files': ({ caller, id, params, query, signal }) =>
      listSnapshotFiles(coordinator, caller, id, { ...params, ...query }, signal),
    'vm.snapshot.file': async (asked) => {
      const { caller, id, params, query, signal } = asked;
      const place = { ...params, ...query };
      return sendOut(asked, await readSnapshotFile(parts, caller, id, place, signal));
    },
    'vm.snapshot.restore-file': ({ caller, id, params, body, query }) =>
      restoreSnapshotFile(coordinator, caller, id, params.snapshot, body, query.dryRun),
  };
}

function sendOut(
  { setHeader }: Pick<RouteRequest<'host.disk.file'>, 'setHeader'>,
  { name, sizeBytes, content }: TakenOut,
): Readable {
  setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
  if (sizeBytes !== undefined) setHeader('content-length', String(sizeBytes));
  return content;
}
