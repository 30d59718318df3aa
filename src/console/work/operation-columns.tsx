/** The columns of operations. */
import { Label, Progress } from '@patternfly/react-core';
import type { Operation, OperationState } from '#api';
import type { Words } from '../i18n/words.ts';
import type { Column } from '../list/column.ts';
import { ThingLink } from './ThingLink.tsx';

export const stateColors: Readonly<
  Record<OperationState, 'blue' | 'grey' | 'green' | 'red' | 'yellow'>
> = {
  pending: 'grey',
  running: 'blue',
  cancelling: 'yellow',
  done: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

function secondsOf({ startedAt, endedAt }: Operation): number | null {
  if (startedAt === null || endedAt === null) return null;
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/** What it is doing or why it ended as it did, in one line. */
function noteOf({ steps, fault }: Operation): string {
  if (fault !== null) return fault.message;
  const step = steps.find(({ state }) => state === 'running');
  return step === undefined ? '' : (step.note ?? step.name);
}

function progressOf({ state, progress }: Operation, words: Words): string {
  const share = state === 'running' && progress !== null ? words.percent(progress * 100) : '';
  return [words.operationState(state), share].filter((part) => part !== '').join(' ');
}

export const operationColumns: readonly Column<Operation>[] = [
  {
    key: 'operation',
    title: 'operation',
    field: 'action',
    width: 11,
    first: true,
    text: (operation, words) => words.operation(operation.action),
    raw: (operation) => operation.action,
  },
  {
    key: 'state',
    title: 'state',
    field: 'state',
    width: 9,
    first: true,
    text: progressOf,
    show: (operation, words) => (
      <>
        <Label color={stateColors[operation.state]} isCompact>
          {words.operationState(operation.state)}
        </Label>
        {operation.state === 'running' && operation.progress !== null && (
          <Progress
            aria-label={words.text('progress')}
            value={Math.round(operation.progress * 100)}
            size="sm"
            measureLocation="none"
          />
        )}
      </>
    ),
    raw: (operation) => operation.state,
  },
  {
    key: 'target',
    title: 'target',
    field: 'target.name',
    width: 11,
    first: true,
    text: (operation) => operation.target.name,
    show: (operation) => <ThingLink thing={operation.target} />,
    raw: (operation) => operation.target.name,
  },
  {
    key: 'message',
    title: 'message',
    width: 14,
    first: true,
    text: noteOf,
    raw: noteOf,
  },
  {
    key: 'by',
    title: 'by',
    field: 'actor',
    width: 7,
    first: true,
    text: (operation) => operation.actor,
    raw: (operation) => operation.actor,
  },
  {
    key: 'time',
    title: 'time',
    field: 'createdAt',
    width: 11,
    first: true,
    text: (operation, words) => words.time(operation.createdAt),
    raw: (operation) => operation.createdAt,
  },
  {
    key: 'duration',
    title: 'duration',
    width: 7,
    first: true,
    text: (operation, words) => words.duration(secondsOf(operation)),
    raw: secondsOf,
  },
];
