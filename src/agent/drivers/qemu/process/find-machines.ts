/** QEMU processes of a vm, whoever started them: by their UUID, which is the vm's id. */
import { findByArguments, type FoundProcess } from './proc.ts';

export function findMachines(id: string): Promise<readonly FoundProcess[]> {
  return findByArguments(['-uuid', id]);
}
