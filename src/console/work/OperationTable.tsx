/** The newest hundred operations that match, with progress as it goes, and a way to cancel. */
import { Button, EmptyState, Label, Progress } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { finishedStates, type Operation, type OperationState } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { ThingLink } from './ThingLink.tsx';

const columns = ['operation', 'target', 'state', 'by', 'time', 'duration'] as const;
const colors: Readonly<Record<OperationState, 'blue' | 'grey' | 'green' | 'red' | 'yellow'>> = {
  pending: 'grey',
  running: 'blue',
  cancelling: 'yellow',
  done: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

export function OperationTable({ filter }: { readonly filter: string | undefined }): ReactNode {
  const words = useWords();
  const question = useList('operation.list', {
    sort: '-createdAt',
    limit: 100,
    ...(filter === undefined ? {} : { filter }),
  });
  return (
    <Answer question={question}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState titleText={words.text('noOperations')} headingLevel="h2" />
        ) : (
          <Table aria-label={words.text('operations')} variant="compact" gridBreakPoint="grid-lg">
            <Thead>
              <Tr>
                {columns.map((key) => (
                  <Th key={key}>{words.text(key)}</Th>
                ))}
                <Th screenReaderText={words.text('actions')} />
              </Tr>
            </Thead>
            <Tbody>
              {items.map((operation) => (
                <OperationRow key={operation.id} operation={operation} />
              ))}
            </Tbody>
          </Table>
        )
      }
    </Answer>
  );
}

function OperationRow({ operation }: { readonly operation: Operation }): ReactNode {
  const words = useWords();
  const { client, notices } = useConsole();
  const { id, action, target, state, progress, actor, createdAt, startedAt, endedAt } = operation;
  const finished = finishedStates.includes(state);
  const step = operation.steps.find((one) => one.state === 'running');
  const cancel = (): void =>
    void client
      .call('operation.cancel', { params: { operation: id } })
      .catch((error: unknown) => notices.fail(words.text('cancelOperation'), error));
  return (
    <Tr>
      <Td dataLabel={words.text('operation')}>{action}</Td>
      <Td dataLabel={words.text('target')} modifier="breakWord">
        <ThingLink thing={target} />
      </Td>
      <Td dataLabel={words.text('state')}>
        <Label color={colors[state]} isCompact>
          {state}
        </Label>
        {!finished && progress !== null && (
          <Progress
            aria-label={words.text('progress')}
            value={Math.round(progress * 100)}
            size="sm"
          />
        )}
        {step !== undefined && <div>{step.note ?? step.name}</div>}
        {operation.fault !== null && <div>{operation.fault.message}</div>}
      </Td>
      <Td dataLabel={words.text('by')}>{actor}</Td>
      <Td dataLabel={words.text('time')}>{words.time(createdAt)}</Td>
      <Td dataLabel={words.text('duration')}>
        {words.duration(
          startedAt === null || endedAt === null
            ? null
            : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
        )}
      </Td>
      <Td isActionCell>
        {!finished && (
          <Button variant="link" isInline isDisabled={state === 'cancelling'} onClick={cancel}>
            {words.text('cancel')}
          </Button>
        )}
      </Td>
    </Tr>
  );
}
