/** Vms that were selected in a list, at most as many as one bulk operation takes. */
import { useState } from 'react';
import { maxPage, type Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import type { Selection } from '../list/RowTable.tsx';

export interface VmSelection extends Selection<Vm> {
  readonly clear: () => void;
}

/** `filter`: what the list shows; selecting all selects what matches it. */
export function useSelection(filter: string | undefined): VmSelection {
  const { client, notices } = useConsole();
  const words = useWords();
  const [chosen, setChosen] = useState<ReadonlyMap<string, Vm>>(new Map());
  const clear = (): void => setChosen(new Map());
  const takeAll = async (): Promise<void> => {
    const query = { limit: maxPage, sort: 'name', ...(filter === undefined ? {} : { filter }) };
    const { items } = await client.call('vm.list', {
      query: { ...query, fields: 'id,name,state' },
    });
    setChosen(new Map(items.map((vm) => [vm.id, vm])));
  };
  return {
    chosen,
    clear,
    toggle: (vm) =>
      setChosen((before) => {
        const next = new Map(before);
        if (!next.delete(vm.id) && next.size < maxPage) next.set(vm.id, vm);
        return next;
      }),
    toggleAll: () => {
      if (chosen.size > 0) clear();
      else void takeAll().catch((error: unknown) => notices.fail(words.text('selectAll'), error));
    },
  };
}
