/**
 * Commands on a team: one operation in which the members take their turns, in their order or in reverse
 * (VM-55, GRP-62 to GRP-67). The members, their waits and what happens on failure are those of the moment
 * when the command was given, and for these the caller's rights were asked.
 */
import { Fault, present, type FaultCode } from '#lib';
import {
  teamActionNames,
  teamActions,
  type DryRun,
  type FailurePolicy,
  type Operation,
  type TeamAction,
  type TeamMemberResult,
  type Thing,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { planBulk, type Forecast } from '../bulk.ts';
import { requireVerb } from '../find.ts';
import { asJson } from '../json.ts';
import type { Kind, Step, Work } from '../work.ts';
import {
  actOnMember,
  endTurn,
  judgeMember,
  takeBackTurn,
  tellResult,
  type Member,
} from './act-on-member.ts';
import { findTeam, showTeam } from './show-team.ts';

interface Input {
  /** In the order of their turns. */
  readonly members: readonly Member[];
  readonly onFailure: FailurePolicy;
}

const maxMessage = 2000;

/** Errors: `not-found`; `forbidden` naming the member that the caller may not act on; `refused` without members. */
export async function actOnTeam(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  action: TeamAction,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, operations } = coordinator;
  const team = showTeam(inventory, findTeam(inventory, caller, reference));
  for (const { vm, name } of team.members)
    requireVerb(caller, 'vm.power', { kind: 'vm', id: vm }, `vm ${name}`);
  if (team.members.length === 0)
    throw new Fault('refused', `cannot ${action} team ${team.name}: it has no members`, {
      hint: `give it some with: gantry team set ${team.name} VM...`,
    });
  const members = team.members.map(({ vm, name, wait }): Member => ({ vm, name, wait }));
  const { order } = teamActions[action];
  const input: Input = {
    members: order === 'forward' ? members : members.toReversed(),
    onFailure: team.onFailure,
  };
  const kind = kindOf(action);
  const target: Thing = { kind: 'team', id: team.id, name: team.name };
  if (dryRun) return planBulk(kind, target, action, choose(coordinator, action, input));
  return await operations.submit(caller, {
    action: kind.action,
    target,
    input: { members: asJson(input.members), onFailure: input.onFailure },
  });
}

/** Whom the command fits now, and with whom it would fail. */
function choose(
  { inventory }: Pick<Coordinator, 'inventory'>,
  action: TeamAction,
  { members }: Input,
): Forecast {
  const fitting: { id: string; name: string }[] = [];
  const skipped: { id: string; name: string; why: string }[] = [];
  const failing: { id: string; name: string; why: string }[] = [];
  for (const member of members) {
    const { vm: id, name } = member;
    try {
      const judged = judgeMember(inventory, member, action);
      if (judged.how === 'acts') fitting.push({ id, name });
      else skipped.push({ id, name, why: judged.why });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failing.push({ id, name, why: error.message });
    }
  }
  return { fitting, skipped, failing };
}

function inputOf(work: Work): Input {
  return work.input as unknown as Input;
}

async function takeTurns(work: Work, action: TeamAction): Promise<void> {
  const { members, onFailure } = inputOf(work);
  const failed: TeamMemberResult[] = [];
  for (const [index, member] of members.entries()) {
    work.signal.throwIfAborted();
    work.tell(index / members.length, `${action} ${member.name}`);
    const place = index === members.length - 1 ? 'last' : 'followed';
    const result = await actOnMember(work, action, member, place);
    if (result.outcome === 'failed') failed.push(result);
    if (failed.length > 0 && onFailure !== 'continue') break;
  }
  await work.conclude({ members: asJson(members.map((member) => tellResult(work, member))) });
  requireNone(failed, action, work.target.name);
}

/** Errors: the first one's code, naming all that have failed (GRP-67). */
function requireNone(failed: readonly TeamMemberResult[], action: TeamAction, team: string): void {
  const [first] = failed;
  if (first === undefined) return;
  const what = failed.map(({ name, why }) => `${name}: ${why ?? ''}`).join('; ');
  throw new Fault(
    (first.code ?? 'refused') as FaultCode,
    `cannot ${action} team ${team}: ${what}`.slice(0, maxMessage),
    {
      facts: { members: failed.map(({ name }) => name) },
      hint: 'the result of the operation says how it went with each member',
    },
  );
}

/** As the team says: what was done stays, or is taken back, the last turn first. What still runs is ended in any case. */
async function takeBack(work: Work): Promise<void> {
  const { members, onFailure } = inputOf(work);
  const takenBack = new Set<string>();
  const failures: string[] = [];
  for (const member of members.toReversed()) {
    await endTurn(work, member);
    if (onFailure !== 'roll-back') continue;
    try {
      if ((await takeBackTurn(work, member)) === 'taken-back') takenBack.add(member.vm);
    } catch (error) {
      work.signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      failures.push(`${member.name}: ${error.message}`);
    }
  }
  const results = members.map((member) => {
    const result = tellResult(work, member);
    return takenBack.has(member.vm) && result.outcome === 'done'
      ? ({ ...result, outcome: 'taken-back' } as const)
      : result;
  });
  await work.conclude({ members: asJson(results) });
  if (failures.length > 0)
    throw new Fault('refused', `not taken back: ${failures.join('; ')}`.slice(0, maxMessage));
}

/** The identity and the generation that a start gives a vm stay when it is taken back. */
const startsOrEnds: readonly TeamAction[] = ['start', 'stop', 'turn-off', 'save'];

function actStep(action: TeamAction): Step {
  return {
    name: 'act',
    run: (work) => takeTurns(work, action),
    undo: takeBack,
    ...(startsOrEnds.includes(action) ? { way: 'stays' } : {}),
  };
}

export const teamKinds: readonly Kind[] = teamActionNames.map((action) => ({
  action: `team.${action}`,
  steps: [actStep(action)],
}));

function kindOf(action: TeamAction): Kind {
  return present(
    teamKinds.find((one) => one.action === `team.${action}`),
    `the operation for ${action} of a team`,
  );
}
