/** The file systems of a guest, and whether they are held still, which its agent is asked: until somebody lets them go or their time is over. */
import { Card, CardBody, CardTitle, Content, FormGroup, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import {
  defaultFreezeSeconds,
  doAdditionsAnswer,
  type GuestFreeze,
  type MachineSample,
  type Vm,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { useVmText } from './words/vm-words.ts';

type FileSystem = NonNullable<MachineSample['guest']>['fileSystems'][number];

const minuteSeconds = 60;
const maxMinutes = 1440;
/** After its end the guest is asked once whether it is so. */
const afterEndMs = 1_000;

/** Of a libvirt host it is not told whether its agent answers, but what it has said. */
function doesAgentAnswer({ state, driver, status }: Vm): boolean {
  if (state !== 'running') return false;
  return doAdditionsAnswer(status.additions.state) || (driver === 'libvirt' && !!status.guest);
}

export function GuestFileSystems({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const columns: readonly PlainColumn<FileSystem>[] = [
    [text('mountPoint'), ({ mountPoint }) => mountPoint],
    [text('fileSystemKind'), ({ type }) => type],
    [
      text('inUse'),
      ({ usedBytes, totalBytes }) =>
        usedBytes === null || totalBytes === null
          ? words.text('notAvailable')
          : text('ofTotal', { used: words.bytes(usedBytes), total: words.bytes(totalBytes) }),
    ],
  ];
  const fileSystems = vm.status.guest?.fileSystems ?? [];
  return (
    <Card isCompact>
      <CardTitle component="h2">{text('fileSystems')}</CardTitle>
      <CardBody>
        <Content component="p">{text('freezeHint')}</Content>
        <Freezing vm={vm} />
        {fileSystems.length > 0 && (
          <PlainTable
            label={text('fileSystems')}
            columns={columns}
            rows={fileSystems}
            keyOf={({ mountPoint }) => mountPoint}
          />
        )}
      </CardBody>
    </Card>
  );
}

function Freezing({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const text = useVmText();
  const queries = useQueryClient();
  const [asks, setAsks] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);
  const answers = doesAgentAnswer(vm);
  const queryKey = ['vm.freeze.show', vm.id] as const;
  const question = useQuery({
    queryKey,
    enabled: answers,
    queryFn: ({ signal }) => client.call('vm.freeze.show', { params: { vm: vm.id } }, signal),
    // Others may have held them or let them go.
    refetchOnMount: 'always',
    refetchInterval: ({ state: { data } }) =>
      data?.until ? Math.max(afterEndMs, Date.parse(data.until) - Date.now() + afterEndMs) : false,
  });
  const note = (freeze: GuestFreeze): void => void queries.setQueryData(queryKey, freeze);
  const thaw = async (): Promise<void> => {
    setFailure(undefined);
    try {
      note(await client.call('vm.freeze.end', { params: { vm: vm.id } }));
    } catch (error) {
      setFailure(error);
    }
  };
  const whyNot = answers ? undefined : text('noAgentAnswers');
  return (
    <>
      {failure !== undefined && <FailureAlert error={failure} />}
      {answers && (
        <Answer question={question}>
          {(freeze) => (
            <Content component="p" role="status">
              <FreezeState freeze={freeze} />
            </Content>
          )}
        </Answer>
      )}
      <JudgedButton variant="secondary" whyNot={whyNot} onClick={() => setAsks(true)}>
        {text('freeze')}
      </JudgedButton>{' '}
      <JudgedButton variant="secondary" whyNot={whyNot} onClick={() => void thaw()}>
        {text('thaw')}
      </JudgedButton>
      {asks && <FreezeDialog vm={vm} note={note} onClose={() => setAsks(false)} />}
    </>
  );
}

function FreezeState({ freeze: { state, until } }: { readonly freeze: GuestFreeze }): ReactNode {
  const words = useWords();
  const text = useVmText();
  if (state === 'thawed') return text('freezeNone');
  return until === null ? text('freezeEndless') : text('freezeUntil', { until: words.time(until) });
}

function FreezeDialog({
  vm,
  note,
  onClose,
}: {
  readonly vm: Vm;
  readonly note: (freeze: GuestFreeze) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useVmText();
  const [minutes, setMinutes] = useState(String(defaultFreezeSeconds / minuteSeconds));
  // libvirt lets nothing go by itself.
  const isEndless = vm.driver === 'libvirt';
  const number = Number(minutes);
  const fits = Number.isInteger(number) && number >= 1 && number <= maxMinutes;
  const send = async (): Promise<void> => {
    const body = {
      mountPoints: [],
      ...(isEndless ? {} : { limitSeconds: number * minuteSeconds }),
    };
    note(await client.call('vm.freeze.begin', { params: { vm: vm.id }, body }));
  };
  return (
    <FormDialog
      title={text('freezeOf', { name: vm.name })}
      verb={text('freeze')}
      look="primary"
      canSend={isEndless || fits}
      send={send}
      onClose={onClose}
    >
      {isEndless ? (
        <Content component="p">{text('freezeStays')}</Content>
      ) : (
        <FormGroup label={text('freezeMinutes')} fieldId="freeze-minutes">
          <TextInput
            id="freeze-minutes"
            type="number"
            min={1}
            max={maxMinutes}
            value={minutes}
            validated={fits ? 'default' : 'error'}
            onChange={(_event, to) => setMinutes(to)}
          />
        </FormGroup>
      )}
    </FormDialog>
  );
}
