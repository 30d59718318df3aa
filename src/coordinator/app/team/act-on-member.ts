/**
 * One member's turn in a command on its team: an operation of its own, begun once, and then what is waited
 * for. Everything that was found out is remembered, so that a step that runs again goes on where it was.
 */
import { Fault, isFault, present } from '#lib';
import {
  teamActions,
  teamWaitSchema,
  type Operation,
  type PowerAction,
  type TeamAction,
  type TeamMemberResult,
  type TeamWait,
  type Vm,
} from '#api';
import type { Inventory } from '../../inventory/inventory.ts';
import { asJson } from '../json.ts';
import { begunOperation, requireDone, runOnce, waitForEnd } from '../run-once.ts';
import { settleHosts } from '../settle-hosts.ts';
import { actionFor } from '../vm/act-vm.ts';
import { requireAction } from '../vm/judge.ts';
import type { Work } from '../work.ts';
import { waitAfter } from './wait-after.ts';
import { foundState, wayBack, type Found } from './way-back.ts';

/** A member as the command took it over from its team. */
export interface Member {
  readonly vm: string;
  readonly name: string;
  readonly wait: TeamWait;
}

const maxWhy = 1000;

/** What a command means for a member as it is now. */
function actionOn(vm: Vm, action: TeamAction): PowerAction {
  if (action === 'resume') return vm.state === 'saved' ? 'restore' : 'resume';
  return actionFor(vm, action);
}

export type Judged =
  | { readonly how: 'acts'; readonly action: PowerAction; readonly found: Found }
  | { readonly how: 'left-out'; readonly why: string };

/** Whether the command fits the member now (GRP-66). Errors: why it cannot be done although it fits. */
export function judgeMember(
  inventory: Inventory,
  { vm: id }: Pick<Member, 'vm'>,
  action: TeamAction,
): Judged {
  const vm = inventory.vm(id);
  if (vm === undefined) return { how: 'left-out', why: 'it is gone' };
  const own = actionOn(vm, action);
  try {
    const ignored = requireAction(inventory, vm, own);
    return ignored === undefined
      ? { how: 'acts', action: own, found: foundState(vm) }
      : { how: 'left-out', why: ignored };
  } catch (error) {
    if (isFault(error, 'refused')) return { how: 'left-out', why: error.message };
    throw error;
  }
}

/** What was asked of the member and how it was found. */
type Turn = Extract<Judged, { readonly how: 'acts' }>;

function turnOf(work: Work, { vm }: Member): Turn | undefined {
  return work.memory[`turn ${vm}`] as unknown as Turn | undefined;
}

function resultOf(work: Work, { vm }: Member): TeamMemberResult | undefined {
  return work.memory[`result ${vm}`] as unknown as TeamMemberResult | undefined;
}

/** How it went so far: also with a member whose turn was cut off. */
export function tellResult(work: Work, member: Member): TeamMemberResult {
  const known = resultOf(work, member);
  if (known !== undefined) return known;
  const { vm, name } = member;
  const begun = begunOperation(work, vm);
  const operation = begun === undefined ? undefined : work.coordinator.inventory.operation(begun);
  if (operation === undefined) return { vm, name, outcome: 'not-reached', code: null, why: null };
  const { fault } = operation;
  return fault === null
    ? { vm, name, outcome: 'done', code: null, why: null }
    : { vm, name, outcome: 'failed', code: fault.code, why: fault.message.slice(0, maxWhy) };
}

export async function actOnMember(
  work: Work,
  action: TeamAction,
  member: Member,
  place: 'last' | 'followed',
): Promise<TeamMemberResult> {
  const known = resultOf(work, member);
  if (known !== undefined) return known;
  const result = await attempt(work, action, member, place);
  await work.remember({ [`result ${member.vm}`]: asJson(result) });
  return result;
}

async function attempt(
  work: Work,
  action: TeamAction,
  member: Member,
  place: 'last' | 'followed',
): Promise<TeamMemberResult> {
  const { vm, name } = member;
  try {
    const turn = turnOf(work, member) ?? (await judgeTurn(work, action, member));
    if (turn.how === 'left-out')
      return { vm, name, outcome: 'left-out', code: null, why: turn.why.slice(0, maxWhy) };
    await work.remember({ [`turn ${vm}`]: asJson(turn) });
    const ended = await runOnVm(work, member, vm, turn.action);
    await waitForMember(work, action, member, place, ended);
    return { vm, name, outcome: 'done', code: null, why: null };
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    const why = error.message.slice(0, maxWhy);
    return { vm, name, outcome: 'failed', code: error.code, why };
  }
}

async function judgeTurn(work: Work, action: TeamAction, member: Member): Promise<Judged> {
  await settleHosts(work, [member.vm]);
  return judgeMember(work.coordinator.inventory, member, action);
}

/** Errors: the operation's fault. */
async function runOnVm(
  work: Work,
  { vm: id, name }: Member,
  begunAs: string,
  action: PowerAction,
): Promise<Operation> {
  return requireDone(
    await runOnce(work, begunAs, {
      action: `vm.${action}`,
      target: { kind: 'vm', id, name },
      input: { request: {} },
    }),
  );
}

/** A time is for the next member; additions that answer are also what the last one has to show. */
async function waitForMember(
  work: Work,
  action: TeamAction,
  member: Member,
  place: 'last' | 'followed',
  { endedAt }: Operation,
): Promise<void> {
  const wait = teamWaitSchema.parse(member.wait);
  if (teamActions[action].order === 'reverse' || (wait.for === 'time' && place === 'last')) return;
  const why = await waitAfter(work, member, wait, present(endedAt, 'the end of an operation'));
  if (why !== undefined) throw new Fault('timeout', why);
}

/** What the member's own operation still does is ended: nothing of the command goes on by itself. */
export async function endTurn(work: Work, { vm }: Member): Promise<void> {
  const begun = begunOperation(work, vm);
  if (begun === undefined) return;
  try {
    await work.coordinator.operations.cancel(begun, work.caller);
  } catch (error) {
    // It is at its end, or can no longer be cancelled.
    if (!isFault(error, 'refused')) throw error;
  }
  await waitForEnd(work, begun);
}

/**
 * Brings the member back to how it was found, if it still is where the command led it. Answers whether
 * something was taken back. Errors: those of the operations on the way.
 */
export async function takeBackTurn(
  work: Work,
  member: Member,
): Promise<'taken-back' | 'as-it-was'> {
  const { vm: id } = member;
  const begun = begunOperation(work, id);
  const turn = turnOf(work, member);
  if (begun === undefined || turn === undefined) return 'as-it-was';
  const way = work.memory[`back ${id}`] ?? (await planWayBack(work, id, turn, begun));
  for (const [index, action] of (way as readonly PowerAction[]).entries())
    await runOnVm(work, member, `back ${index} ${id}`, action);
  return (way as readonly PowerAction[]).length > 0 ? 'taken-back' : 'as-it-was';
}

async function planWayBack(
  work: Work,
  id: string,
  { found }: Turn,
  begun: string,
): Promise<readonly PowerAction[]> {
  const { inventory } = work.coordinator;
  await settleHosts(work, [id]);
  const vm = inventory.vm(id);
  const led = inventory.operation(begun)?.result?.['state'];
  // Somebody else has done something with it since.
  const way = vm === undefined || vm.state !== led ? [] : wayBack(found, vm.state);
  await work.remember({ [`back ${id}`]: asJson(way) });
  return way;
}
