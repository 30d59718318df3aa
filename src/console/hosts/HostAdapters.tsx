/** The network adapters of a host, what is on them and what they are for. */
import { AlertActionLink, Content, PageSection } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Host, HostAdapter } from '#api';
import { formatBitRate } from '#lib';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { Answer } from '../parts/Answer.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useAdapterText } from './adapter-words.ts';
import { ChangeAdapter } from './ChangeAdapter.tsx';
import { CreateForHost } from './CreateForHost.tsx';
import { Alert } from '../parts/Alert.tsx';

export function HostAdapters({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const text = useAdapterText();
  const queries = useQueryClient();
  const [changed, setChanged] = useState<HostAdapter>();
  const { whyNot } = useRights();
  const [creates, setCreates] = useState(false);
  const queryKey = ['host.adapters', host.id];
  const question = useQuery({
    queryKey,
    queryFn: ({ signal }) => client.call('host.adapters', { params: { host: host.id } }, signal),
    // They change while nobody looks.
    refetchOnMount: 'always',
  });
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey });
  return (
    <PageSection isFilled>
      <Answer question={question}>
        {({ items }) => (
          <>
            {items.map((adapter) => (
              <Trial key={adapter.name} host={host} adapter={adapter} onConfirmed={readAgain} />
            ))}
            {items.length === 0 ? (
              <Content component="p">{text('none')}</Content>
            ) : (
              <AdapterTable
                host={host}
                adapters={items}
                onChange={setChanged}
                head={
                  <JudgedButton
                    whyNot={whyNot('network.create')}
                    variant="secondary"
                    onClick={() => setCreates(true)}
                  >
                    {text('createForHost')}
                  </JudgedButton>
                }
              />
            )}
            {creates && (
              <CreateForHost
                host={host}
                adapters={items}
                onClose={() => {
                  setCreates(false);
                  void readAgain();
                }}
              />
            )}
          </>
        )}
      </Answer>
      {changed !== undefined && (
        <ChangeAdapter
          host={host}
          adapter={changed}
          onClose={() => {
            setChanged(undefined);
            void readAgain();
          }}
        />
      )}
    </PageSection>
  );
}

/** What is tried, and what went wrong. */
function Trial({
  host,
  adapter: { name, trial, problem },
  onConfirmed,
}: {
  readonly host: Host;
  readonly adapter: HostAdapter;
  readonly onConfirmed: () => Promise<void>;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useAdapterText();
  const confirm = async (): Promise<void> => {
    try {
      const params = { host: host.id, adapter: name };
      await client.call('host.confirm-adapter', { params });
    } catch (error) {
      notices.fail(words.text('confirm'), error);
    }
    await onConfirmed();
  };
  if (problem !== null)
    return <Alert variant="warning" isInline component="p" title={`${name}: ${problem}`} />;
  if (trial === null) return null;
  return (
    <Alert
      variant="warning"
      isInline
      component="p"
      title={text('tried', { name, use: trial.use, until: words.time(trial.until) })}
      actionLinks={
        <AlertActionLink onClick={() => void confirm()}>{words.text('confirm')}</AlertActionLink>
      }
    />
  );
}

function AdapterTable({
  host,
  adapters,
  onChange,
  head,
}: {
  readonly host: Host;
  readonly adapters: readonly HostAdapter[];
  readonly onChange: (adapter: HostAdapter) => void;
  readonly head: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useAdapterText();
  const whyNotChange = useRights({ host: host.id }).whyNot('host.set-adapter');
  const none = words.text('none');
  const listed = (items: readonly string[]): string => items.join(', ') || none;
  const columns: readonly PlainColumn<HostAdapter>[] = [
    [words.text('name'), ({ name }) => name, ({ name }) => name],
    [nameSetting(words, 'mac'), ({ mac }) => mac ?? none, ({ mac }) => mac],
    [nameSetting(words, 'link'), ({ link }) => text(`link.${link}`), ({ link }) => link],
    [
      text('speed'),
      ({ speedMbps }) => (speedMbps === null ? none : formatBitRate(speedMbps * 1_000_000)),
      ({ speedMbps }) => (speedMbps === null ? null : speedMbps * 1_000_000),
    ],
    [
      words.text('address'),
      ({ addresses }) => listed(addresses),
      ({ addresses }) => addresses.join(', '),
    ],
    [
      text('carries'),
      ({ carries }) => listed(carries.map((one) => text(`carries.${one}`))),
      ({ carries }) => carries.join(', '),
    ],
    [
      text('networks'),
      ({ networks }) => <NetworkLinks networks={networks} none={none} />,
      ({ networks }) => networks.map(({ name }) => name).join(', '),
    ],
    [text('use'), ({ use }) => text(`use.${use}`), ({ use }) => use],
    [
      words.text('change'),
      (adapter) => (
        <JudgedButton
          whyNot={whyNotChange}
          variant="secondary"
          isDisabled={adapter.trial !== null}
          aria-label={text('change', { name: adapter.name })}
          onClick={() => onChange(adapter)}
        >
          {words.text('change')}
        </JudgedButton>
      ),
    ],
  ];
  return (
    <PlainTable
      label={words.text('adapters')}
      columns={columns}
      rows={adapters}
      keyOf={({ name }) => name}
      head={head}
      savedAs={{ fileName: `${host.name}-adapters`, items: adapters }}
    />
  );
}

function NetworkLinks({
  networks,
  none,
}: {
  readonly networks: HostAdapter['networks'];
  readonly none: string;
}): ReactNode {
  if (networks.length === 0) return none;
  return networks.map(({ id, name }) => (
    <Link key={id} to="/networks/$network" params={{ network: id }}>
      {name}
    </Link>
  ));
}
