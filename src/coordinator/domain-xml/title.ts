/**
 * The title of a domain: one line for people, which libvirt has beside the description. Gantry has no word for it and keeps it
 * among what it keeps for other programs.
 */
import { keptTitle } from '#foreign';
import type { VmDefinition } from '#api';

/** Undefined: none. */
export function titleOf({ extensions }: Pick<VmDefinition, 'extensions'>): string | undefined {
  return keptTitle(extensions);
}
