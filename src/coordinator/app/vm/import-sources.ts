/** What vms of other products can be imported from on a host, told to those who may make vms; not the files of vms they may not see. */
import type { ImportSources } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { findNotOwn } from './others-files.ts';

export async function listImportSources(
  { inventory, links }: Coordinator,
  caller: Caller,
  hostId: string,
  signal: AbortSignal,
): Promise<ImportSources> {
  if (!caller.may('vm.create', { kind: 'anywhere' })) return { sources: [], complete: true };
  const { sources, complete } = await links.call(hostId, 'host.import-sources', {}, { signal });
  const isNotOwn = findNotOwn(inventory, caller, { hostId, id: '' });
  return { sources: sources.filter(({ path }) => !isNotOwn(path)), complete };
}
