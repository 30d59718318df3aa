/**
 * What a guest boots from over its user-mode network. QEMU's TFTP server gives away the whole folder that
 * the file is in, so that folder must be one that vms may use and must not be the vm's own, in which its
 * disks and the state of its TPM lie.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Adapter } from '#api';
import type { Reason } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { isInside } from '../../storage/allowed.ts';
import type { CheckedHost } from './checks.ts';
import { resolveFile } from './places.ts';

export async function checkBootFile(
  file: MachineFile,
  { slot, attachment }: Adapter,
  host: Pick<CheckedHost, 'folders'>,
): Promise<Reason[]> {
  if (attachment.kind !== 'user' || attachment.bootFile === null) return [];
  const path = resolveFile(file.folder, attachment.bootFile);
  const what = `the boot file ${path} of network adapter ${slot}`;
  if (!(await isInside(path, host.folders))) {
    const text = `${what} is outside of the folders that vms may use`;
    const remedy = "add its folder to the host's search path";
    return [{ code: 'boot-file-outside', text, remedy }];
  }
  if (await isInside(file.file, [dirname(path)])) {
    const text = `${what} lies with the files of the vm, which the guest could then read`;
    const remedy = 'put it into a folder of its own: the guest may read all that is in it';
    return [{ code: 'boot-file-place', text, remedy }];
  }
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return [];
  const remedy = 'put it back, or choose another boot file';
  return [{ code: 'boot-file-missing', text: `${what} is not there`, remedy }];
}
