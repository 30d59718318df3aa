/**
 * What is in the disks of a vm and ought to be there once: a guest's name and keys (VM-92). Nobody looks into the
 * disks. A guest is taken to have an identity as soon as it may have run from them, here or elsewhere, and nobody said
 * that it was generalised. Pure.
 */
import type { Reason } from '#lib';
import type { VmDocument } from '../../documents.ts';

/** No guest has run from its disks as far as is known: they were made here, and it was never started. */
export function isFresh({ guest, generation }: Pick<VmDocument, 'guest' | 'generation'>): boolean {
  return guest === 'fresh' && generation === 0;
}

/** What the disks of a clone hold. */
export function guestOfClone(
  source: Pick<VmDocument, 'guest' | 'generation'>,
  said: 'generalised' | undefined,
): Pick<VmDocument, 'guest'> {
  return said === 'generalised' || isFresh(source) ? { guest: 'fresh' } : {};
}

export function warnOfIdentity(
  source: Pick<VmDocument, 'definition' | 'guest' | 'generation'>,
  said: 'generalised' | undefined,
): Reason[] {
  if (said === 'generalised' || isFresh(source)) return [];
  const { name } = source.definition;
  return [
    {
      code: 'not-generalised',
      text: `nobody said that the guest of ${name} was generalised: the clone has its ${identity} as well`,
      remedy:
        'change them in the clone before it joins the network; or generalise the guest of the source first ' +
        `(${howToGeneralise}), shut it down and clone it with --generalised`,
    },
  ];
}

/** Of a disk that comes as it is: where it comes from it may run as well (TPL-24). */
export function warnOfInstalled(file: string): Reason {
  return {
    code: 'installed-system',
    text: `${file} has an installed system: a vm that runs from it, or from another copy of it, has the same ${identity}`,
    remedy: `run one of them only, or generalise the guest in one of them first (${howToGeneralise})`,
  };
}

const howToGeneralise =
  'Linux: cloud-init clean --machine-id and delete /etc/ssh/ssh_host_*, or virt-sysprep; Windows: sysprep /generalize';

/** Linux and Windows. */
export const identity = 'host name, machine id or SID, SSH host keys and fixed addresses';
