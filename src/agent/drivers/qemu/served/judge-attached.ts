/** What stands against a disk that comes to a vm as it runs: the same as at a start. */
import { isNative, placeName, type Disk } from '#api';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import { judgeUsers } from '../check-disk-users.ts';
import { resolveFile } from '../places.ts';
import { judgeServed, type ServedQuestion } from './judge-served.ts';

type AttachHost = Pick<ServedQuestion, 'folders' | 'others'>;

/**
 * Before any file of it is given to the account of the vm. Answers those that were judged: of the disk, without its parents.
 * Errors: `refused` with all reasons.
 */
export async function requireAttachable(
  disk: Disk,
  machine: MachineFile,
  host: AttachHost,
): Promise<readonly string[]> {
  const path = resolveFile(machine.folder, disk.file);
  const what = `disk ${placeName(disk)} (${path})`;
  const served = isNative(disk)
    ? undefined
    : await judgeOne(disk, machine, { ...host, what, path });
  const { parents = [], files = [path] } = served ?? {};
  const users = await judgeUsers({ disk, what, paths: [path], parents, others: host.others });
  const reasons: Reason[] = [...users, ...(served?.reasons ?? [])];
  const [reason] = reasons;
  if (reason === undefined) return files;
  throw new Fault('refused', reason.text, { hint: reason.remedy, reasons });
}

/** One that is served (docs/rfd/0027). With the disk among the others, so that what its names lead to is judged as the vm's own doing. */
function judgeOne(
  disk: Disk,
  machine: MachineFile,
  host: AttachHost & Pick<ServedQuestion, 'what' | 'path'>,
): ReturnType<typeof judgeServed> {
  const { definition } = machine;
  const { hardware } = definition;
  const disks = [...hardware.disks.filter((one) => placeName(one) !== placeName(disk)), disk];
  const file = { ...machine, definition: { ...definition, hardware: { ...hardware, disks } } };
  return judgeServed({ ...host, disk, format: disk.format, below: [], file });
}
