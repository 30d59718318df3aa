/** A move between libvirt hosts as it is submitted (docs/rfd/0032). */
import type { PassageStorage } from '#api';
import type { Json } from '../../store/store.ts';

export const passageAction = 'vm.migrate-live';

export interface PassageInput {
  readonly fromHost: string;
  readonly toHost: string;
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  /** That its guest reads. */
  readonly uuid: string;
  readonly storage: PassageStorage;
  /** Disks that are copied. */
  readonly files: readonly string[];
}

export function passageInput(input: Json): PassageInput {
  return input as unknown as PassageInput;
}
