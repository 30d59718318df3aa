/**
 * Vms of other products, taken over from their configuration files (VM-90). The files stay as they are: disks are
 * converted into new ones. What could not be represented is told before, by dryRun, and after, with the result.
 */
import { randomUUID } from 'node:crypto';
import { isUuid, nameSchema, type DryRun, type Operation, type VmImport } from '#api';
import { Fault, isFault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { findPlace } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { freeName, nameTaken, requireFreeName, reserveName } from '../names.ts';
import { giveMac, usedMacs } from '../macs.ts';
import { nameNetworks } from '../network/name-networks.ts';
import { findNetwork } from '../network/show-network.ts';
import { warnOfVm } from '../vm-warnings.ts';
import { stepNames } from '../work.ts';
import { importKind } from './create-steps.ts';
import { chooseHost, requirePlan, type CreateInput } from './create-vm.ts';
import { creatorWithoutRights } from './creator-grant.ts';
import { importDefinition } from './import-definition.ts';
import { requireOwnFiles } from './others-files.ts';

export async function importVm(
  coordinator: Coordinator,
  caller: Caller,
  request: VmImport,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links } = coordinator;
  const folder = findPlace(inventory, caller, request.folder);
  const host = chooseHost(coordinator, caller, request.host, folder.id, undefined);
  const { file, format, adapters } = request;
  // By one name each, so that one that is named twice is known as the same.
  const networks = request.networks.map((reference) =>
    reference === 'user' || reference === 'none'
      ? reference
      : findNetwork(inventory, reference).data.name,
  );
  const { machine } = await links.call(host.id, 'machine.read-foreign', { file });
  if (request.name !== undefined) requireFreeName(inventory, 'vm', request.name);
  const name = request.name ?? freeName(inventory, 'vm', nameOf(machine.name));
  const id = freeId(coordinator, machine.uuid);
  const macs = usedMacs(inventory);
  const imported = importDefinition({
    id,
    name,
    format,
    foreign: machine,
    networks,
    adapters,
    usedMacs: usedMacs(inventory),
    makeMac: () => giveMac(inventory, macs),
  });
  const { disks, warnings } = imported;
  const definition = nameNetworks(inventory, imported.definition);
  requireOwnFiles(inventory, caller, host.id, definition);
  const plan = await links.call(host.id, 'machine.plan', { definition, disks: [...disks] });
  requirePlan(plan, name);
  const own = warnOfVm(inventory, host.id, definition);
  const all = [...asReasons(warnings), ...plan.warnings, ...asReasons(own)];
  if (machine.uuid !== null && machine.uuid !== id)
    all.unshift({ code: 'changed', text: `UUID ${machine.uuid}: another vm has it` });
  const target = { kind: 'vm', id, name } as const;
  if (dryRun)
    return {
      dryRun: true,
      action: importKind.action,
      target,
      steps: stepNames(importKind),
      changes: [],
      warnings: all,
    };
  const input: CreateInput = {
    definition,
    hostId: host.id,
    folderId: folder.id,
    disks,
    start: request.start,
    warnings: inWords(all),
    creator: creatorWithoutRights(caller, { folderId: folder.id, hostId: host.id }),
  };
  try {
    return await coordinator.operations.submit(
      caller,
      { action: importKind.action, target, input: asJson(input) as Record<string, never> },
      reserveName('vm', name, id),
    );
  } catch (error) {
    // Somebody was faster with the name.
    if (isFault(error, 'exists')) throw nameTaken('vm', name);
    throw error;
  }
}

/** Other products allow names that are none here. */
function nameOf(given: string | null): string {
  const plain = (given ?? '')
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N} ._+()-]/gu, '-')
    .replace(/^[.\s-]+/, '')
    .slice(0, 40)
    .trim();
  const name = nameSchema.safeParse(plain);
  if (name.success) return name.data;
  throw new Fault('invalid', 'the configuration has no name that a vm can have here', {
    hint: 'give one with --name',
  });
}

/** The UUID that the guest knows, where no other vm has it. */
function freeId({ inventory }: Coordinator, uuid: string | null): string {
  if (uuid === null || !isUuid(uuid) || inventory.document('vm', uuid) !== undefined)
    return randomUUID();
  return uuid;
}
