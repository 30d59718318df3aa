/** What stands against a disk that is served (docs/rfd/0027) and comes to a vm as it runs: the same as at a start. */
import { placeName, type Disk } from '#api';
import { Fault } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import { judgeUsers } from '../check-disk-users.ts';
import { resolveFile } from '../places.ts';
import { judgeServed, type ServedQuestion } from './judge-served.ts';

/**
 * Before any file of it is given to the account of the vm. Answers those that were judged: of the disk, without its parents.
 * Errors: `refused` with all reasons.
 */
export async function requireServed(
  disk: Disk,
  machine: MachineFile,
  host: Pick<ServedQuestion, 'folders' | 'account' | 'others'>,
): Promise<readonly string[]> {
  const { definition } = machine;
  const { hardware } = definition;
  // With the disk, so that what its names lead to is judged as the vm's own doing.
  const disks = [...hardware.disks.filter((one) => placeName(one) !== placeName(disk)), disk];
  const file = { ...machine, definition: { ...definition, hardware: { ...hardware, disks } } };
  const path = resolveFile(file.folder, disk.file);
  const what = `disk ${placeName(disk)} (${path})`;
  const question = { ...host, format: disk.format, what, path, below: [], file };
  const { reasons: ownReasons, parents, files } = await judgeServed(question);
  const users = await judgeUsers({ disk, what, paths: [path], parents, others: host.others });
  const reasons = [...users, ...ownReasons];
  const [reason] = reasons;
  if (reason === undefined) return files;
  throw new Fault('refused', reason.text, { hint: reason.remedy, reasons });
}
