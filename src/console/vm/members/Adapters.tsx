/** The network adapters of a vm: what each is plugged into, and whether its cable is; changed while the vm runs. */
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { Adapter, Network, Operation, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useList } from '../../parts/ask.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { WarningAlert } from '../../parts/WarningAlert.tsx';
import { nameValue } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { AddAdapter } from './AddAdapter.tsx';
import { ChangeAdapter } from './ChangeAdapter.tsx';
import { MemberTable } from './MemberTable.tsx';

const path = 'hardware/adapters';

export function Adapters({ vm }: { readonly vm: Vm }): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const tellOutcome = useOutcome();
  const [changed, setChanged] = useState<Adapter | undefined>(undefined);
  const networks = useList('network.list', { sort: 'name', limit: 1000 }).data?.items ?? [];
  const nameOf = (slot: number): string => text('adapterNamed', { slot });
  const replug = async ({ slot, link }: Adapter): Promise<void> => {
    const values = { action: text(link === 'up' ? 'unplug' : 'plugIn'), name: nameOf(slot) };
    try {
      const body = { link: link === 'up' ? 'down' : 'up' } as const;
      tellOutcome(values, await client.call('vm.adapter.change', { params: at(slot), body }));
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
  const at = (slot: number): { vm: string; slot: number } => ({ vm: vm.id, slot });
  const remove = (slot: number): Promise<Operation> =>
    client.call('vm.adapter.detach', { params: at(slot) });
  const { data: states } = useQuery({
    queryKey: ['vm.adapter.list', vm.id],
    queryFn: ({ signal }) => client.call('vm.adapter.list', { params: { vm: vm.id } }, signal),
  });
  return (
    <>
      <WarningAlert warnings={states?.items.flatMap(({ warnings }) => warnings) ?? []} />
      <MemberTable
        vm={vm}
        path={path}
        action="configure"
        columns={['slot', 'attachment', 'link', 'mac', 'model']}
        members={vm.definition.hardware.adapters.map((adapter) => ({
          key: String(adapter.slot),
          name: nameOf(adapter.slot),
          facts: [
            String(adapter.slot),
            <Attachment key="attachment" adapter={adapter} networks={networks} />,
            nameValue(words, 'link', adapter.link),
            adapter.mac,
            adapter.model,
          ],
          deeds: [
            { label: words.text('change'), act: () => setChanged(adapter) },
            {
              label: text(adapter.link === 'up' ? 'unplug' : 'plugIn'),
              act: () => void replug(adapter),
            },
          ],
          remove: () => remove(adapter.slot),
        }))}
        dialog={(title, onClose) => (
          <AddAdapter vm={vm} title={title} networks={networks} onClose={onClose} />
        )}
      />
      {changed !== undefined && (
        <ChangeAdapter
          vm={vm}
          name={nameOf(changed.slot)}
          adapter={changed}
          onClose={() => setChanged(undefined)}
        />
      )}
    </>
  );
}

/** A network that one may not see is told by its id. */
function Attachment({
  adapter: { attachment },
  networks,
}: {
  readonly adapter: Adapter;
  readonly networks: readonly Network[];
}): ReactNode {
  const words = useWords();
  if (attachment.kind === 'foreign') return attachment.name;
  if (attachment.kind !== 'network') return nameValue(words, 'attachment', attachment.kind);
  const found = networks.find(({ id }) => id === attachment.network);
  return (
    <Link to="/networks/$network" params={{ network: attachment.network }}>
      {found?.name ?? attachment.network}
    </Link>
  );
}
