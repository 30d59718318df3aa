/**
 * A small picture of a vm's screen, for those who may see it, which leads to the screen itself; of a saved vm the last
 * one. It is read again when the state changes and, while the vm runs and it is seen, every so many seconds as the site
 * says: nothing tells when a screen changes.
 */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { useInstallation } from '../parts/ask.ts';

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
      return new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' });
    },
  });
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (data === undefined) return undefined;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  if (!seen || url === undefined) return <span className="thumbnail thumbnail-none" aria-hidden />;
  const alt = words.text(state === 'saved' ? 'lastScreenOf' : 'screenOf', { name: vm.name });
  return (
    <Link to="/vms/$vm" params={{ vm: id }} search={{ tab: 'screen' }}>
      <img className="thumbnail" src={url} alt={alt} />
    </Link>
  );
}
