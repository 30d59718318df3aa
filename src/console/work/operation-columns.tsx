/** The columns of operations. */
import { Label, Progress } from '@patternfly/react-core';
import type { Operation, OperationState } from '#api';
import { columnOf, type Column } from '../list/column.ts';
import { LogLink } from '../parts/FailureHelp.tsx';
import type { Words } from '../i18n/words.ts';
import { ThingLink } from './ThingLink.tsx';

const stateColors: Readonly<Record<OperationState, 'blue' | 'grey' | 'green' | 'red' | 'yellow'>> =
  {
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

function tellNote(operation: Operation, words: Words): string {
  const { steps, fault } = operation;
  const step = steps.find(({ state }) => state === 'running');
  if (fault !== null || step === undefined) return words.told(noteOf(operation));
  return words.step(step);
}

const column = columnOf<Operation>();

export const operationColumns: readonly Column<Operation>[] = [
  column({
    key: 'operation',
    field: 'action',
    width: 11,
    raw: (operation) => operation.action,
    say: (action, words) => words.operation(action),
  }),
  column({
    key: 'state',
    field: 'state',
    width: 9,
    raw: (operation) => operation.state,
    say: (state, words, { progress }) =>
      [
        words.operationState(state),
        ...(state === 'running' && progress !== null ? [words.percent(progress * 100)] : []),
      ].join(' '),
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
  }),
  column({
    key: 'target',
    field: 'target.name',
    width: 11,
    raw: (operation) => operation.target.name,
    show: (operation) => <ThingLink thing={operation.target} />,
  }),
  column({
    key: 'message',
    width: 14,
    raw: noteOf,
    say: (_note, words, operation) => tellNote(operation, words),
    show: (operation, words) =>
      operation.fault === null ? (
        tellNote(operation, words)
      ) : (
        <>
          {words.told(noteOf(operation))}{' '}
          <LogLink filter={`correlationId = ${operation.correlationId}`} />
        </>
      ),
  }),
  column({ key: 'by', field: 'actor', width: 7, raw: (operation) => operation.actor }),
  column({
    key: 'time',
    field: 'createdAt',
    width: 11,
    raw: (operation) => operation.createdAt,
    say: (time, words) => words.time(time),
  }),
  column({
    key: 'duration',
    width: 7,
    raw: secondsOf,
    say: (seconds, words) => words.duration(seconds),
  }),
];
