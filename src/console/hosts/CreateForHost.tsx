/** The networks that a host is usually wanted to have, in one step: what would be made is asked of the server first. What is there stays. */
import { Content, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { maxPage, planForHost, type Host, type HostAdapter, type Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { ReasonList } from '../parts/ReasonList.tsx';
import { useAdapterText } from './adapter-words.ts';

export function CreateForHost({
  host,
  adapters,
  onClose,
}: {
  readonly host: Host;
  readonly adapters: readonly HostAdapter[];
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useAdapterText();
  const question = useQuery({
    queryKey: ['networks for host', host.id],
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const there: Network[] = [];
      for await (const one of client.list('network.list', { limit: maxPage }, signal))
        there.push(one);
      const { create, toShare } = planForHost(adapters, there);
      const checked: Network[] = [];
      for (const body of create)
        checked.push(
          await client.call('network.create', { body, query: { dryRun: true } }, signal),
        );
      return { create, toShare, checked };
    },
  });
  const plan = question.data;
  const send = async (): Promise<void> => {
    for (const body of plan?.create ?? []) {
      await client.call('network.create', { body });
      notices.tell(text('created', { name: body.name }));
    }
  };
  return (
    <FormDialog
      title={`${text('createForHost')}: ${host.name}`}
      verb={words.text('create')}
      look="primary"
      size="medium"
      canSend={(plan?.create.length ?? 0) > 0}
      send={send}
      onClose={onClose}
    >
      {question.error !== null && <FailureAlert error={question.error} />}
      {question.isPending && <Spinner aria-label={words.text('loading')} />}
      {plan !== undefined && <Planned networks={plan.checked} toShare={plan.toShare} />}
    </FormDialog>
  );
}

function Planned({
  networks,
  toShare,
}: {
  readonly networks: readonly Network[];
  readonly toShare: readonly string[];
}): ReactNode {
  const text = useAdapterText();
  return (
    <>
      {networks.length === 0 ? (
        <Content component="p">{text('allThere')}</Content>
      ) : (
        <>
          <Content component="p">{text('wouldCreate')}</Content>
          <ul className="files">
            {networks.map(({ name, adapter, warnings }) => (
              <li key={name}>
                {adapter === null ? text('internal', { name }) : text('bridged', { name, adapter })}
                <ReasonList reasons={warnings} />
              </li>
            ))}
          </ul>
        </>
      )}
      {toShare.length > 0 && (
        <Content component="p">{text('toShare', { names: toShare.join(', ') })}</Content>
      )}
    </>
  );
}
