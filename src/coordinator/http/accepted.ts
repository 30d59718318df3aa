/** The answer of long work: 202, where it can be looked at, and the operation (RFC 9110 15.3.3). */
import type { Operation } from '#api';
import type { Answer } from './once.ts';

/** `waitedSeconds`: how long the request asked to be waited for (RFC 7240 4.3). */
export function acceptedAnswer(operation: Operation, waitedSeconds?: number): Answer {
  return {
    status: 202,
    headers: {
      location: `/api/v1/operations/${operation.id}`,
      ...(waitedSeconds === undefined ? {} : { 'preference-applied': `wait=${waitedSeconds}` }),
    },
    body: operation,
  };
}
