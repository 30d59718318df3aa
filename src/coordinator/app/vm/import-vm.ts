/**
 * Vms of other products, taken over from their configuration files (VM-90). The files stay as they are: disks are
 * converted into new ones. What could not be represented is told before, by dryRun, and after, with the result.
 */
import { randomUUID } from 'node:crypto';
import {
  isUuid,
  nameSchema,
  useOf,
  type DryRun,
  type Operation,
  type TransferFinding,
  type VmImport,
} from '#api';
import { Fault, isFault, type Reason } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { chargeVm } from '../../operations/charge.ts';
import { findPlace, requireVerb } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { nameDocument, freeName, nameTaken, requireFreeName, reserveName } from '../names.ts';
import { giveMac, macOwners, usedMacs } from '../macs.ts';
import { nameNetworks } from '../network/name-networks.ts';
import { networkNamed, readNetworkNames, rememberNetworks } from './import-networks.ts';
import { warnOfVm } from '../vm-warnings.ts';
import { stepNames } from '../work.ts';
import { importKind } from './create-steps.ts';
import { chooseHostOfFile, type CreateInput } from './create-vm.ts';
import { creatorWithoutRights } from './creator-grant.ts';
import { connectedAdapters } from './import-adapters.ts';
import { importDefinition } from './import-definition.ts';
import { blockersOf, warningsOf } from './import-notes.ts';
import { requireOwnFiles } from './others-files.ts';

export async function importConfiguration(
  coordinator: Coordinator,
  caller: Caller,
  request: VmImport,
  { dryRun, operationId }: { readonly dryRun: boolean; readonly operationId?: string },
): Promise<Operation | DryRun> {
  const { inventory, links } = coordinator;
  const folder = findPlace(inventory, caller, request.folder);
  const host = chooseHostOfFile(coordinator, caller, request, folder.id);
  if (request.rememberNetworks)
    requireVerb(caller, 'installation.settings', { kind: 'installation' }, 'the installation');
  const networks = request.networks.map((reference) => networkNamed(inventory, reference));
  const networkNames = readNetworkNames(inventory, request.networkNames);
  const { machine } = await links.call(host.id, 'machine.read-foreign', { file: request.file });
  if (request.name !== undefined) requireFreeName(inventory, 'vm', request.name);
  const name = request.name ?? freeName(inventory, 'vm', nameOf(machine.name));
  const id = request.origin === 'copied' ? randomUUID() : freeId(coordinator, machine.uuid);
  const macs = usedMacs(inventory);
  const options = {
    ...request,
    id,
    name,
    foreign: machine,
    networks,
    networkNames,
    macOwners: macOwners(inventory, caller),
    makeMac: () => giveMac(inventory, macs),
    hasAcceleration3d: host.data.facts?.missing.acceleration3d === undefined,
  };
  const imported = importDefinition(options);
  const { disks, layers } = imported;
  const definition = nameNetworks(inventory, imported.definition);
  requireOwnFiles(inventory, caller, host.id, definition);
  const plan = await links.call(host.id, 'machine.plan', { definition, disks: [...disks] });
  const own = warnOfVm(inventory, host.id, definition);
  const findings: readonly TransferFinding[] = [
    ...tellIdentity(machine.uuid, id, request.origin),
    ...imported.findings,
    ...plan.reasons.map((reason) => asFinding('blocking', reason)),
  ];
  const all = [...asReasons(warningsOf(findings)), ...plan.warnings, ...asReasons(own)];
  const target = { kind: 'vm', id, name } as const;
  const charge = { vm: id, folderId: folder.id, use: useOf(definition) };
  chargeVm(inventory, charge, name);
  if (dryRun)
    return {
      dryRun: true,
      action: importKind.action,
      target,
      steps: stepNames(importKind),
      changes: [],
      warnings: all,
      findings: [...findings],
      adapters: connectedAdapters(options),
    };
  requireNoBlockers(request.file, findings);
  if (request.rememberNetworks) await rememberNetworks(coordinator, caller, request.networkNames);
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
      {
        ...(operationId === undefined ? {} : { id: operationId }),
        action: importKind.action,
        target,
        input: asJson({ ...input, layers, author: caller.actor.name }) as Record<string, never>,
        reserves: [nameDocument('vm', name)],
        charge,
      },
      reserveName('vm', name, id),
    );
  } catch (error) {
    // Somebody was faster with the name.
    if (isFault(error, 'exists')) throw nameTaken('vm', name);
    throw error;
  }
}

/** Errors: `blocked` with everything that stands in the way. */
function requireNoBlockers(file: string, findings: readonly TransferFinding[]): void {
  const reasons = blockersOf(findings);
  const [first] = reasons;
  if (first === undefined) return;
  const texts = reasons.map(({ text }) => text).join('; ');
  throw new Fault('blocked', `cannot import ${file}: ${texts}`, {
    reasons,
    hint: first.remedy,
  });
}

function asFinding(effect: TransferFinding['effect'], reason: Reason): TransferFinding {
  const { code, text, remedy = null } = reason;
  return { effect, code, text, remedy };
}

function tellIdentity(
  uuid: string | null,
  id: string,
  origin: VmImport['origin'],
): readonly TransferFinding[] {
  if (uuid === null) return [];
  if (uuid === id) return [asFinding('carried', { code: 'carried', text: `UUID ${uuid}` })];
  const why = origin === 'copied' ? 'the vm is a copy' : 'another vm has it';
  const text = `UUID ${uuid}: ${why}; it has a new one`;
  return [
    asFinding('adapted', {
      code: 'changed',
      text,
      remedy: 'delete the other vm, and import again',
    }),
  ];
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
