/**
 * Whether a vm could start now (VM-64 to VM-80): what the coordinator knows and what the agent finds out,
 * all reasons at once, each once. The same check is asked for by itself and made before every start.
 */
import { isFault, type Reason } from '#lib';
import type { StartCheck, VmActionRequest } from '#api';
import type { Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { asReasons } from '../hardware-warnings.ts';
import { judgeMacs } from '../macs.ts';
import { imageOnHost, mediaOf } from '../media.ts';
import { warnOfVm } from '../vm-warnings.ts';

export type StartAction = 'turn-on' | 'hold' | 'restore' | 'restart';

export async function checkStart(
  coordinator: Pick<Coordinator, 'inventory' | 'links'>,
  vm: Document<VmDocument>,
  action: StartAction,
  request: VmActionRequest,
  signal?: AbortSignal,
): Promise<StartCheck> {
  let agent: StartCheck = { ok: true, reasons: [], warnings: [] };
  try {
    // A host that may be about to come back is waited for, as by every call.
    agent = await coordinator.links.call(
      vm.data.hostId,
      'machine.check',
      { id: vm.id, action, request },
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    if (!isFault(error, 'unavailable')) throw error;
  }
  const known = knownReasons(coordinator, vm);
  // The agent knows more of the same thing, so its words count.
  const told = new Set(agent.reasons.map(({ code }) => code));
  const reasons = [...agent.reasons, ...known.filter(({ code }) => !told.has(code))];
  const { definition, hostId } = vm.data;
  const own = warnOfVm(coordinator.inventory, hostId, definition);
  const warnings = [...agent.warnings, ...asReasons(own)];
  return { ok: reasons.length === 0, reasons, warnings };
}

function knownReasons(
  { inventory, links }: Pick<Coordinator, 'inventory' | 'links'>,
  vm: Document<VmDocument>,
): readonly Reason[] {
  const reasons: Reason[] = [];
  const { definition, hostId } = vm.data;
  const host = inventory.host(hostId);
  if (!links.connected(hostId) || host?.status !== 'ready')
    reasons.push(hostReason(vm, { inventory }));
  for (const medium of mediaOf(definition)) {
    if (medium.kind !== 'image' || imageOnHost(inventory, hostId, medium.image)) continue;
    reasons.push({
      code: 'medium-missing',
      text: `the image ${medium.image} in a drive is not on host ${host?.name ?? hostId}`,
      remedy: 'eject it, or build or add the image on this host',
    });
  }
  return [...reasons, ...judgeMacs(inventory, vm.data)];
}

function hostReason(
  vm: Document<VmDocument>,
  { inventory }: Pick<Coordinator, 'inventory'>,
): Reason {
  const { hostId } = vm.data;
  const name = inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
  const host = inventory.host(hostId);
  return {
    code: 'host-not-ready',
    text: `host ${name} is ${host?.status ?? 'gone'}${
      host?.statusReason ? `: ${host.statusReason}` : ''
    }`,
    remedy: `look at it with: gantry host diagnose ${name}`,
  };
}
