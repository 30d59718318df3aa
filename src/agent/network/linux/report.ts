/** How the host carries a network, out of what was found on the way. Pure. */
import type { NetworkReport, NetworkSpec } from '#api';
import type { Reason } from '#lib';
import type { NetworkPlan } from './plan.ts';

/** The contract has room for no more. */
const maxReasons = 32;

/** Without rules nothing keeps it apart: then it is down. Without the rest vms keep what they have. */
export function reportOf(
  { id }: NetworkSpec,
  { bridge, down, degraded }: NetworkPlan,
  rules: Reason | undefined,
  rest: readonly (Reason | undefined)[],
  sighted: readonly Reason[] = [],
): Omit<NetworkReport, 'seen'> {
  const bad = [...down, ...(rules === undefined ? [] : [rules])];
  const poor = [
    ...degraded,
    ...rest.flatMap((reason) => (reason === undefined || reason === rules ? [] : [reason])),
    ...sighted,
  ];
  const state = bad.length > 0 ? 'down' : poor.length > 0 ? 'degraded' : 'ready';
  const reasons = [...bad, ...poor].slice(0, maxReasons).map(({ code, text, remedy }) => ({
    code,
    text: text.slice(0, 500),
    ...(remedy === undefined ? {} : { remedy }),
  }));
  return { id, state, reasons, bridge };
}

export type Foreseen = Pick<NetworkReport, 'state' | 'reasons'>;

/** Of a network that is not carried yet. */
export function foresee({ down }: NetworkPlan): Foreseen {
  return down.length === 0
    ? { state: 'ready', reasons: [] }
    : { state: 'down', reasons: [...down] };
}
