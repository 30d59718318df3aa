/**
 * The title of a domain: one line for people, which libvirt has beside the description. Gantry has no word for it and keeps it
 * among what it keeps for other programs.
 */
import type { VmDefinition } from '#api';

export const titleKey = 'libvirt-title';

/** Undefined: none. */
export function titleOf({ extensions }: Pick<VmDefinition, 'extensions'>): string | undefined {
  const title = extensions[titleKey];
  return typeof title === 'string' && title !== '' ? title : undefined;
}
