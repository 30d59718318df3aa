/**
 * A small picture of a vm's screen, for those who may see it, which leads to the screen itself; of a saved vm the last
 * one. It is read again when the state changes and, while the vm runs and it is seen, every so many seconds as the site
 * says: nothing tells when a screen changes. Until another is there the one before stays, named as what it was.
 */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { useInstallation } from '../parts/ask.ts';

interface Shown {
  readonly url: string;
  readonly name: 'screenOf' | 'lastScreenOf';
}

export function Thumbnail({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const { id, state, status } = vm;
  const seen = state === 'running' || state === 'paused' || state === 'saved';
  const seconds = useInstallation({ enabled: seen }).data?.settings.thumbnailSeconds ?? 0;
  const { data } = useQuery({
    queryKey: ['vm.screenshot', id, state, status.since],
    enabled: seen,
    gcTime: 1000,
    refetchInterval: state === 'running' && seconds > 0 && seconds * 1000,
    queryFn: async ({ signal }) => {
      const png = await client.call('vm.screenshot', { params: { vm: id } }, signal);
      return {
        png: new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
        name: state === 'saved' ? ('lastScreenOf' as const) : ('screenOf' as const),
      };
    },
  });
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  useEffect(() => {
    if (!seen) setShown(undefined);
    else if (data !== undefined) setShown({ url: URL.createObjectURL(data.png), name: data.name });
  }, [seen, data]);
  // Not before the next one is in its place.
  useEffect(
    () => (shown === undefined ? undefined : () => URL.revokeObjectURL(shown.url)),
    [shown],
  );
  if (!seen || shown === undefined)
    return <span className="thumbnail thumbnail-none" aria-hidden />;
  const alt = words.text(shown.name, { name: vm.name });
  return (
    <Link to="/vms/$vm" params={{ vm: id }} search={{ tab: 'screen' }}>
      <img className="thumbnail" src={shown.url} alt={alt} />
    </Link>
  );
}
