/** What other programs keep with a domain, as a definition has it. */
import { keptMetadata } from '#foreign';
import type { VmDefinition } from '#api';

/** As text, by the address of its namespace. */
export function metadataOf({
  extensions,
}: Pick<VmDefinition, 'extensions'>): ReadonlyMap<string, string> {
  return keptMetadata(extensions);
}
