/** Causes of what no request asked for. */
import type { Cause } from '#api';

/** The program itself. */
export const systemCause: Cause = {
  actor: { kind: 'system', name: 'gantry' },
  correlationId: null,
};
export const guestCause: Cause = { actor: { kind: 'guest', name: 'guest' }, correlationId: null };
export const externalCause: Cause = {
  actor: { kind: 'external', name: 'another program' },
  correlationId: null,
};
