/** The entries of the palette for what was typed, or for the thing that was chosen. */
import { useDeferredValue } from 'react';
import type { Words } from '../../i18n/words.ts';
import { useWords } from '../../console.ts';
import { hostActions } from '../../hosts/host-actions.ts';
import { useList, useVmActions } from '../../parts/ask.ts';
import { isOffered } from '../../vm/act.ts';
import { places } from '../places.ts';
import { fitsWords, type Chosen, type Entry } from './entries.ts';

const maxFound = 8;

export interface Entries {
  readonly entries: readonly Entry[];
  /** Whether they answer what is typed now, not what was typed before. */
  readonly settled: boolean;
}

export function useEntries(text: string, chosen: Chosen | undefined): Entries {
  const words = useWords();
  const typed = useDeferredValue(text);
  const enabled = chosen === undefined && typed !== '';
  const query = { filter: `name : ${JSON.stringify(typed)}`, sort: 'name', limit: maxFound };
  const vms = useList('vm.list', query, { enabled });
  const hosts = useList('host.list', query, { enabled });
  const images = useList('image.list', query, { enabled });
  const vm = chosen?.kind === 'vm' ? chosen.vm.id : '';
  const actions = useVmActions(vm, vm !== '');
  if (chosen !== undefined) {
    const all: readonly Entry[] = [
      openEntry(chosen, words),
      ...(chosen.kind === 'vm'
        ? (actions.data?.actions ?? [])
            .filter(({ action }) => isOffered(action) || action === 'screen' || action === 'serial')
            .sort((a, b) => Number(b.allowed) - Number(a.allowed))
            .map((allowed): Entry => ({ kind: 'vm-action', vm: chosen.vm, allowed }))
        : chosen.kind === 'host'
          ? hostActions(chosen.host).map((action): Entry => ({
              kind: 'host-action',
              host: chosen.host,
              action,
            }))
          : [{ kind: 'image-action', image: chosen.image, action: 'delete' } as const]),
    ];
    return {
      entries: all.filter((entry) => fitsWords(labelOf(entry, words), typed)),
      settled: typed === text && !(vm !== '' && actions.isPending),
    };
  }
  const pages = places
    .map(([to, key]): Entry => ({ kind: 'page', to, label: words.text(key) }))
    .concat([
      { kind: 'page', to: '/vms?create=true', label: words.text('createVm') },
      { kind: 'page', to: '/images?build=true', label: words.text('buildImage') },
    ])
    .filter((entry) => fitsWords(labelOf(entry, words), typed));
  const found: readonly Entry[] = [
    ...(vms.data?.items ?? []).map((one): Entry => ({ kind: 'vm', vm: one })),
    ...(hosts.data?.items ?? []).map((one): Entry => ({ kind: 'host', host: one })),
    ...(images.data?.items ?? []).map((one): Entry => ({ kind: 'image', image: one })),
  ];
  const waiting = [vms, hosts, images].some((one) => one.isPending || one.isPlaceholderData);
  return {
    entries: enabled ? [...found, ...pages] : pages,
    settled: typed === text && !(enabled && waiting),
  };
}

function openEntry(chosen: Chosen, words: Words): Entry {
  const to =
    chosen.kind === 'vm'
      ? `/vms/${chosen.vm.id}`
      : chosen.kind === 'host'
        ? `/hosts/${chosen.host.id}`
        : `/images/${chosen.image.id}`;
  return { kind: 'page', to, label: words.text('open') };
}

export function labelOf(entry: Entry, words: Words): string {
  switch (entry.kind) {
    case 'page':
      return entry.label;
    case 'vm':
      return entry.vm.name;
    case 'host':
      return entry.host.name;
    case 'image':
      return entry.image.name;
    case 'vm-action':
      return words.action(entry.allowed.action);
    case 'host-action':
      return words.hostAction(entry.action);
    case 'image-action':
      return words.text('delete');
  }
}

/** What stands beside the label: what kind of thing it is, in which state, or why it is not possible. */
export function detailOf(entry: Entry, words: Words): string {
  switch (entry.kind) {
    case 'vm':
      return `${words.text('virtualMachine')}, ${words.state(entry.vm.state)}`;
    case 'host':
      return `${words.text('host')}, ${words.hostStatus(entry.host.status)}`;
    case 'image':
      return words.text('image');
    case 'vm-action':
      return entry.allowed.allowed
        ? ''
        : [entry.allowed.reason, entry.allowed.hint]
            .filter((part) => part !== undefined)
            .join(' – ');
    case 'page':
    case 'host-action':
    case 'image-action':
      return '';
  }
}
