/** Which networks of the picture show their vms, and these vms, live. At first as many as are seen at a glance. */
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import type { Network, Page, Vm } from '#api';
import { useConsole } from '../console.ts';
import type { Narrowed } from '../frame/narrowed.ts';
import { pageQuestion } from '../parts/ask.ts';

/** Adapters in all, on networks that are open at first. */
const mostAtFirst = 24;
/** Of one network. */
const mostVms = 60;

export interface Opened {
  /** Of the networks that are open, as far as they were read. */
  readonly vmsOn: ReadonlyMap<string, Page<Vm>>;
  isOpen(network: Network): boolean;
  toggle(network: Network): void;
}

export function useOpened(networks: readonly Network[], narrowed: Narrowed | undefined): Opened {
  const { client } = useConsole();
  const [chosen, choose] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [first] = useState(() => openAtFirst(networks));
  const isOpen = ({ id }: Network): boolean => chosen.get(id) ?? first.has(id);
  const here = narrowed === undefined ? '' : ` AND hostId = "${narrowed.id}"`;
  const open = networks.filter(isOpen);
  const pages = useQueries({
    queries: open.map(({ id }) =>
      pageQuestion(client, 'vm.list', {
        filter: `definition.hardware.adapters.attachment.network = "${id}"${here}`,
        sort: 'name',
        limit: mostVms,
      }),
    ),
  });
  return {
    isOpen,
    toggle: (network) => choose(new Map([...chosen, [network.id, !isOpen(network)]])),
    vmsOn: new Map(
      open.flatMap(({ id }, index) => {
        const page = pages[index]?.data;
        return page === undefined ? [] : [[id, page]];
      }),
    ),
  };
}

/** Networks in their order, until there would be too many adapters; a single one always. */
function openAtFirst(networks: readonly Network[]): ReadonlySet<string> {
  let adapters = 0;
  return new Set(
    networks
      .filter((network, index) => {
        if (adapters + network.adapters > mostAtFirst && index > 0) return false;
        adapters += network.adapters;
        return true;
      })
      .map(({ id }) => id),
  );
}
