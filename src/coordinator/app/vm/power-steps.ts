/**
 * The steps of power operations (VM-31 to VM-43). A start is checked whole before any side effect
 * (VM-64); then the vm gets its identity, the start is claimed (the generation grows, committed, never
 * reused), and only then is the agent asked. Stopping claims nothing.
 */
import { assert, Fault } from '#lib';
import {
  powerActions,
  describeAct,
  vmActionFacts,
  vmActionRequestSchema,
  vmStateFacts,
  type PowerAction,
  type VmActionRequest,
  type VmDefinition,
} from '#api';
import type { VmDocument } from '../../documents.ts';
import { commitFresh } from '../commit-fresh.ts';
import { identify } from '../vm-identity.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { checkStart } from './check-start.ts';
import { causeOf, changeDefinition, targetVm } from './common-steps.ts';
import { isForeignHost } from './tell-hypervisor.ts';

const minuteMs = 60_000;
/** Undo disks are as large as the disks, and as slow. */
const mergeMs = 24 * 60 * minuteMs;

/** The agent's own limits are shorter; these end a call that is stuck. */
function limitMs(action: PowerAction, request: VmActionRequest, definition: VmDefinition): number {
  switch (action) {
    case 'shutdown':
    case 'power-button':
      // After the guest's time there may be a save.
      return (
        (request.timeoutSeconds ?? definition.settings.shutdown.timeoutSeconds) * 1000 +
        30 * minuteMs +
        mergeLimitMs(request, definition)
      );
    case 'turn-off':
      return 5 * minuteMs + mergeLimitMs(request, definition);
    case 'commit-undo':
      return mergeMs;
    case 'save':
    case 'restore':
    case 'update-additions':
      return 30 * minuteMs;
    case 'turn-on':
    case 'hold':
    case 'restart':
    case 'reboot':
      return 10 * minuteMs;
    case 'release':
    case 'pause':
    case 'resume':
    case 'discard':
    case 'discard-undo':
    case 'reset':
    case 'nmi':
      return 5 * minuteMs;
  }
}

/** The end of a session whose undo disks are committed takes as long as that does. */
function mergeLimitMs({ undo }: VmActionRequest, { settings }: VmDefinition): number {
  return (undo ?? settings.undoDisks.onTurnOff) === 'commit' ? mergeMs : 0;
}

export function requestOf(work: Work): VmActionRequest {
  return vmActionRequestSchema.parse(work.input['request'] ?? {});
}

/** Nothing is to be done: it was so already when it was asked for. */
function isIgnored(work: Work): boolean {
  return typeof work.input['ignored'] === 'string';
}

/** Errors: `blocked` with all reasons. */
export function checkStep(action: 'turn-on' | 'hold' | 'restore' | 'restart'): Step {
  return {
    name: 'check',
    async run(work) {
      if (isIgnored(work)) return;
      const vm = targetVm(work);
      const check = await checkStart(work.coordinator, vm, action, requestOf(work), work.signal);
      if (check.warnings.length > 0)
        await work.conclude({ warnings: check.warnings.map(({ text }) => text) });
      if (check.ok) return;
      throw new Fault(
        'blocked',
        `cannot ${describeAct(action, vm.data.definition.name)}: ${check.reasons
          .map(({ text }) => text)
          .join('; ')}`,
        { reasons: check.reasons, hint: check.reasons[0]?.remedy },
      );
    },
  };
}

/** Whether its hypervisor keeps the identity that its guest reads. */
function isConfiguredElsewhere(work: Work): boolean {
  return isForeignHost(work.coordinator.inventory, targetVm(work).data.hostId);
}

/** HW-31, EVT-18 to EVT-21. An identity that was given stays. */
export const identifyStep: Step = {
  name: 'identify',
  way: 'stays',
  async run(work) {
    if (isIgnored(work) || isConfiguredElsewhere(work)) return;
    await changeDefinition(work, (definition) => identify(definition));
    if (work.pusher.isBehind(work.target.id))
      await work.pusher.push(work.target.id, causeOf(work), work.signal);
  },
};

/** A claim once made is this operation's, however often the step runs. */
export const claimStep: Step = {
  name: 'claim',
  way: 'stays',
  async run(work) {
    if (isIgnored(work) || typeof work.memory['generation'] === 'number') return;
    let generation = 0;
    await commitFresh(work.coordinator, () => {
      const vm = targetVm(work);
      generation = vm.data.generation + 1;
      return {
        conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
        writes: [{ kind: 'vm', id: vm.id, data: { ...vm.data, generation } satisfies VmDocument }],
      };
    });
    await work.remember({ generation });
  },
};

export function actStep(action: PowerAction): Step {
  return {
    name: 'act',
    async run(work) {
      if (isIgnored(work)) {
        await work.conclude({ ignored: work.input['ignored'] ?? '' });
        return;
      }
      await act(work, action, requestOf(work));
    },
    ...(opposite[action] === undefined
      ? { way: 'stays' }
      : { undo: (work) => undoAct(work, action) }),
  };
}

/** What takes an action back, where something does. */
const opposite: Readonly<Partial<Record<PowerAction, PowerAction>>> = {
  'turn-on': 'turn-off',
  hold: 'turn-off',
  pause: 'resume',
  resume: 'pause',
};

async function act(work: Work, action: PowerAction, request: VmActionRequest): Promise<void> {
  const { data: vm } = targetVm(work);
  const claimed = work.memory['generation'];
  const { report } = await work.coordinator.links.call(
    vm.hostId,
    'machine.act',
    {
      id: work.target.id,
      generation: typeof claimed === 'number' ? claimed : vm.generation,
      cause: causeOf(work),
      action,
      request,
    },
    followed(work, limitMs(action, request, vm.definition)),
  );
  await work.conclude({ state: report.state });
}

/** Takes back what was done by this operation, if the vm is still in the state it led to. */
async function undoAct(work: Work, action: PowerAction): Promise<void> {
  const back = opposite[action];
  if (isIgnored(work) || back === undefined) return;
  const vm = work.coordinator.inventory.vm(work.target.id);
  if (vm === undefined) return;
  const started = action === 'turn-on' || action === 'hold';
  const claimed = work.memory['generation'];
  // A start of somebody else since then is not ours to end.
  if (started && (typeof claimed !== 'number' || vm.generation !== claimed)) return;
  if (started ? !vmStateFacts[vm.state].live : vm.state !== vmActionFacts(action).to) return;
  await act(work, back, {});
}

/** A boot device for the next start only has had its start. */
const settleStep: Step = {
  name: 'settle',
  way: 'stays',
  async run(work) {
    if (isIgnored(work)) return;
    const changed = await changeDefinition(work, (definition) => {
      const { hardware } = definition;
      const firmware = { ...hardware.firmware, bootOnce: null };
      return { ...definition, hardware: { ...hardware, firmware } };
    });
    if (changed) await work.pusher.pushOrLater(work.target.id, causeOf(work), work.signal);
  },
};

function stepsOf(action: PowerAction): readonly Step[] {
  switch (action) {
    case 'turn-on':
    case 'hold':
    case 'restart':
      return [checkStep(action), identifyStep, claimStep, actStep(action), settleStep];
    case 'restore':
      return [checkStep(action), claimStep, actStep(action)];
    case 'release':
    case 'pause':
    case 'resume':
    case 'save':
    case 'discard':
    case 'shutdown':
    case 'power-button':
    case 'reboot':
    case 'turn-off':
    case 'reset':
    case 'nmi':
    case 'update-additions':
    case 'commit-undo':
    case 'discard-undo':
      return [actStep(action)];
  }
}

export const powerKinds: readonly Kind[] = powerActions.map((action) => ({
  action: `vm.${action}`,
  steps: stepsOf(action),
}));

export function powerKind(action: PowerAction): Kind {
  const kind = powerKinds.find((one) => one.action === `vm.${action}`);
  assert(kind !== undefined, `there is an operation for ${action}`);
  return kind;
}
