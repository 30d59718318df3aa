/** The images that are known for the drives of a vm, and how one is called in a choice: with the other vms that have it. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { KnownMedia, KnownMedium, Medium } from '#api';
import { useConsole } from '../console.ts';
import type { VmText } from './words/vm-words.ts';

/** Of a vm that is yet to be made the host is asked, once it is known. */
export function useKnownMedia(vm: string | undefined, host?: string): UseQueryResult<KnownMedia> {
  const { client } = useConsole();
  return useQuery({
    queryKey: vm === undefined ? ['host.medium.list', host] : ['vm.medium.list', vm],
    enabled: vm !== undefined || host !== undefined,
    queryFn: ({ signal }) =>
      vm === undefined
        ? client.call('host.medium.list', { params: { host: host ?? '' } }, signal)
        : client.call('vm.medium.list', { params: { vm } }, signal),
  });
}

export function labelMedium(text: VmText, medium: KnownMedium): string {
  const { vms, held } = medium;
  const name = medium.medium.kind === 'device' ? `${medium.name} (${medium.path})` : medium.name;
  if (medium.medium.kind === 'device' && held)
    return text('driveHeld', { name, vms: vms.join(', ') });
  if (vms.length === 0) return name;
  return text(held ? 'mediumHeld' : 'mediumInUse', { name, vms: vms.join(', ') });
}

/** By the id of the image. */
export function findImage(known: readonly KnownMedium[], id: string): KnownMedium | undefined {
  return known.find(({ medium }) => medium.kind === 'image' && medium.image === id);
}

export function nameMedium(medium: Medium, known: readonly KnownMedium[]): string {
  switch (medium.kind) {
    case 'image':
      return findImage(known, medium.image)?.name ?? medium.image;
    case 'file':
      return medium.file;
    case 'device':
      return medium.device;
  }
}
