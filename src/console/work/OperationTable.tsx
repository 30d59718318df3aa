/** The newest operations that match, a hundred unless fewer are wanted, with progress as it goes, and a way to cancel. */
import { EmptyState, Label, Progress } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { finishedStates, type Operation } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { CancelButton } from './CancelButton.tsx';
import { stateColors } from './operation-columns.tsx';
import { ThingLink } from './ThingLink.tsx';

const columns = ['operation', 'target', 'state', 'by', 'time', 'duration'] as const;

export function OperationTable({
  filter,
  most = 100,
}: {
  readonly filter: string | undefined;
  readonly most?: number;
}): ReactNode {
  const words = useWords();
  const question = useList('operation.list', {
    sort: '-createdAt',
    limit: most,
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
  const { action, target, state, progress, actor, createdAt, startedAt, endedAt } = operation;
  const finished = finishedStates.includes(state);
  const step = operation.steps.find((one) => one.state === 'running');
  return (
    <Tr>
      <Td dataLabel={words.text('operation')}>{words.operation(action)}</Td>
      <Td dataLabel={words.text('target')} modifier="breakWord">
        <ThingLink thing={target} />
      </Td>
      <Td dataLabel={words.text('state')}>
        <Label color={stateColors[state]} isCompact>
          {words.operationState(state)}
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
        <CancelButton operation={operation} look="word" />
      </Td>
    </Tr>
  );
}
