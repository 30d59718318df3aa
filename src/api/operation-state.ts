/** The states of an operation. Apart from its schema, since the console's first page reads no schema. */
export const operationStates = [
  'pending',
  'running',
  'cancelling',
  'done',
  'failed',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

export const finishedStates: readonly OperationState[] = ['done', 'failed', 'cancelled'];
