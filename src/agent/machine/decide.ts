/**
 * The queue in front of a machine's loop: which request is taken, joined to the one under way, ignored
 * or refused. Pure; the table of states and actions is the contract's (`judgeAction`).
 *
 *   older generation ------------------------------> refuse (stale)
 *   the same call as one that was carried out -----> ignore
 *   the same call as the one under way ------------> join: it gets the same end
 *   turn-off while anything is under way ----------> take: it interrupts
 *   anything else ---------------------------------> as the table says
 */
import { judgeAction, type Judged, type PowerAction } from '#api';
import { Fault } from '#lib';
import type { Done } from './record.ts';

export interface Request {
  readonly action: PowerAction;
  readonly generation: number;
  /** Null never equals another call. */
  readonly correlationId: string | null;
}

/** What the decision needs to know of a machine. */
export interface Situation extends Judged {
  readonly generation: number;
  /** The power action under way. */
  readonly busyWith: Request | undefined;
  readonly done: readonly Done[];
}

export type Decision =
  | { readonly answer: 'take' }
  | { readonly answer: 'join' }
  | { readonly answer: 'ignore'; readonly why: string }
  | { readonly answer: 'refuse'; readonly fault: Fault };

export function decide(situation: Situation, request: Request): Decision {
  const { action } = request;
  if (request.generation < situation.generation) return refuseStale(situation, request);
  if (situation.done.some((done) => isSameCall(done, request))) {
    return { answer: 'ignore', why: `${action} of ${situation.name} was carried out before` };
  }
  const { busyWith } = situation;
  if (busyWith !== undefined && isSameCall(busyWith, request)) return { answer: 'join' };
  const judgement = judgeAction(action, situation);
  if (judgement.answer === 'refuse') {
    const { why, hint } = judgement;
    const code = Object.values(situation.missing).includes(why) ? 'unsupported' : 'refused';
    const message = `cannot ${action} ${situation.name}: ${why}`;
    const facts = { state: situation.state };
    return { answer: 'refuse', fault: new Fault(code, message, { facts, hint }) };
  }
  return judgement;
}

function isSameCall(one: Request | Done, other: Request): boolean {
  return (
    other.correlationId !== null &&
    one.action === other.action &&
    one.generation === other.generation &&
    one.correlationId === other.correlationId
  );
}

function refuseStale(situation: Situation, request: Request): Decision {
  const fault = new Fault(
    'stale',
    `cannot ${request.action} ${situation.name}: the request belongs to start ${request.generation}, ` +
      `the machine is at start ${situation.generation}`,
    { facts: { generation: situation.generation } },
  );
  return { answer: 'refuse', fault };
}
