/** The networks or the storage pools of a hypervisor, each with its menu. */
import { Label, Title } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, HypervisorNetwork, HypervisorPlace } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useWords } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { RemoveDialog } from '../../parts/RemoveDialog.tsx';
import { DescribePlace } from './DescribePlace.tsx';
import { PlaceMenu, type PlaceAsk } from './PlaceMenu.tsx';
import { usePlaceVerbs } from './use-place-verb.ts';
import { usePlaceText } from './words.ts';

export function PlaceTable<T extends HypervisorNetwork>({
  host,
  kind,
  items,
  more,
}: {
  readonly host: Host;
  readonly kind: HypervisorPlace;
  readonly items: readonly T[];
  readonly more: readonly PlainColumn<T>[];
}): ReactNode {
  const words = useWords();
  const text = usePlaceText();
  const { whyNot } = useRights({ host: host.id });
  const [asked, setAsked] = useState<PlaceAsk>();
  const close = (): void => setAsked(undefined);
  const yesNo = (value: boolean): string => text(value ? 'yes' : 'no');
  const columns: readonly PlainColumn<T>[] = [
    [words.text('name'), ({ name }) => name, ({ name }) => name],
    [
      words.text('state'),
      ({ active }) => (
        <Label color={active ? 'green' : 'grey'}>{text(active ? 'active' : 'inactive')}</Label>
      ),
      ({ active }) => text(active ? 'active' : 'inactive'),
    ],
    [text('autostart'), ({ autostart }) => yesNo(autostart), ({ autostart }) => yesNo(autostart)],
    [
      text('persistent'),
      ({ persistent }) => text(persistent ? 'yes' : 'transient'),
      ({ persistent }) => yesNo(persistent),
    ],
    ...more,
    [
      words.text('actions'),
      (one) => <PlaceMenu host={host} kind={kind} place={one} onAsk={setAsked} />,
    ],
  ];
  return (
    <div className="place-table">
      <Title headingLevel="h2" size="lg">
        {text(kind)}
      </Title>
      <PlainTable
        label={text(kind)}
        columns={columns}
        rows={items}
        keyOf={({ uuid }) => uuid}
        savedAs={{ fileName: `${host.name}-${kind}`, items }}
        head={
          <JudgedButton
            whyNot={whyNot('host.extension')}
            variant="secondary"
            onClick={() => setAsked({ verb: 'define' })}
          >
            {text(`define.${kind}`)}
          </JudgedButton>
        }
      />
      {items.length === 0 && <p>{text(`none.${kind}`)}</p>}
      <Asked host={host} kind={kind} asked={asked} onClose={close} />
    </div>
  );
}

/** What is asked before something is done. */
function Asked({
  host,
  kind,
  asked,
  onClose,
}: {
  readonly host: Host;
  readonly kind: HypervisorPlace;
  readonly asked: PlaceAsk | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const text = usePlaceText();
  const { act } = usePlaceVerbs(host, kind);
  if (asked === undefined) return null;
  if (asked.verb === 'define' || asked.verb === 'edit') {
    const change = asked.verb === 'edit' ? asked : undefined;
    return <DescribePlace host={host} kind={kind} change={change} onClose={onClose} />;
  }
  const { verb, place } = asked;
  const { name, uuid } = place;
  return (
    <RemoveDialog
      title={text(`${verb}.title`, { name })}
      explain={text(`${verb}.${kind}`)}
      remove={() => act(verb, uuid)}
      done={text('done', { verb: text(verb), name })}
      onClose={onClose}
    />
  );
}
