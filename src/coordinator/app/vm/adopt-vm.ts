/**
 * A vm that others run on a computer where an agent is, too, becomes one of that agent, with its disks where they are; and goes back
 * (docs/rfd/0034). That both see the same files is what counts: whoever has them may run the vm.
 */
import { posix } from 'node:path';
import {
  guestUuid,
  type DryRun,
  type FileOwner,
  type LinkResult,
  type Operation,
  type SeenFile,
  type VmAdopt,
  type VmDefinition,
} from '#api';
import { describeFault, Fault, isFault, type Reason } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, LentDocument, VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { parseDefinition } from '../check-definition.ts';
import { findHost, requireAbility, requireVerb } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { nameNetworks } from '../network/name-networks.ts';
import { requireConnected } from '../settle-hosts.ts';
import { hostThing, vmThing } from '../things.ts';
import { warnOfVm } from '../vm-warnings.ts';
import { stepNames, type Kind } from '../work.ts';
import { prepare } from './device-change.ts';
import { adoptHardware, returnHardware } from './handover-hardware.ts';
import {
  adoptKind,
  fullPaths,
  giveBackKind,
  sealedFor,
  type HandoverInput,
} from './handover-steps.ts';
import { readNetworkNames } from './import-networks.ts';
import { requireOwnFiles } from './others-files.ts';
import { requireScriptRight } from './script-right.ts';

/** Errors: `blocked` with everything that stands against it; `unsupported`, `unavailable`, `refused`. */
export async function adoptVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  { host: reference, networkNames }: VmAdopt,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links, sealer } = coordinator;
  const { vm, definition: before } = prepare(coordinator, id, 'adopt');
  const { hostId, folderId } = vm.data;
  const named = reference === undefined ? undefined : findHost(inventory, caller, reference);
  const read = await links.call(hostId, 'machine.handover.read', { id });
  const { host, owners, reasons } = await chooseAgent(coordinator, caller, vm, named, read);
  const against = [...read.reasons, ...reasons];
  const names = { from: hostThing(inventory, hostId).name, to: host?.data.name ?? '' };
  if (host === undefined) throw blocked(`cannot adopt ${before.name}`, against);
  const place = { kind: 'place', folderId, hostId: host.id } as const;
  requireVerb(caller, 'vm.create', place, `host ${names.to}`);
  requireScriptRight(caller, place, before);
  const adopted = adoptHardware(
    before.hardware,
    readNetworkNames(inventory, networkNames),
    read.uefi,
  );
  const { libvirt: _libvirt, ...extensions } = before.extensions;
  const own = nameNetworks(inventory, {
    ...before,
    hardware: adopted.hardware,
    extensions: { ...extensions, libvirt: { uuid: guestUuid(before) } },
  });
  const after = parseDefinition(own, before.name);
  requireOwnFiles(inventory, caller, host.id, after);
  const plan = await links.call(host.id, 'machine.plan', { definition: after, disks: [] });
  against.push(...plan.reasons);
  if (against.length > 0) throw blocked(`cannot adopt ${before.name} on host ${names.to}`, against);
  const warnings = [
    ...read.unmodelled.map(unmodelled),
    ...adopted.warnings,
    ...plan.warnings,
    ...warnOfVm(inventory, host.id, after),
  ];
  const lent: LentDocument = {
    hostId,
    uuid: guestUuid(before),
    xml: sealer.seal(Buffer.from(read.xml), sealedFor(id)),
    startsWithHost: read.startsWithHost,
    owners,
    kept: read.kept,
    theirs: before.hardware,
    ours: after.hardware,
    bringsKept: true,
  };
  const input: HandoverInput = {
    fromHost: hostId,
    toHost: host.id,
    ...names,
    lent,
    before,
    after,
    path: vm.data.path,
    there: before.hardware,
    warnings: inWords(warnings),
  };
  return await submit(coordinator, caller, vm, adoptKind, input, { dryRun, warnings });
}

const unmodelled = (text: string): Reason => ({
  code: 'not-modelled',
  text: `${text}: Gantry has no word for it; the guest does without it until it is given back`,
});

/** As `adoptVm`. */
export async function giveBackVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links, sealer } = coordinator;
  const { vm, definition: before } = prepare(coordinator, id, 'give-back');
  const { hostId, folderId, path } = vm.data;
  if (vm.data.lent === undefined) throw new Fault('refused', `${before.name} was not adopted`);
  const { unsettled, ...lent } = vm.data.lent;
  const target = inventory.document<HostDocument>('host', lent.hostId);
  if (target?.data.connection === undefined)
    throw new Fault('refused', `the hypervisor of ${before.name} is connected no more`, {
      hint: 'its disks are where they were: define it there by hand, then remove it here',
    });
  const names = { from: hostThing(inventory, hostId).name, to: target.data.name };
  const place = { kind: 'place', folderId, hostId: target.id } as const;
  requireVerb(caller, 'vm.create', place, `host ${names.to}`);
  await requireConnected(coordinator, target.id);
  const there = returnHardware(lent.theirs, lent.ours, withFullPaths(before, path).hardware);
  const files = fullPaths(before, path);
  const xml = sealer.unseal(lent.xml, sealedFor(id)).toString();
  const asked = {
    uuid: lent.uuid,
    xml,
    base: lent.theirs,
    wanted: there,
    onGuestReboot: before.settings.onGuestReboot,
    ...(lent.bringsKept ? { resources: before.resources, extensions: before.extensions } : {}),
    mayBeThere: unsettled !== undefined,
  };
  const [planned, looked] = await Promise.all([
    links.call(target.id, 'machine.handover.plan', asked),
    links.call(hostId, 'machine.handover.look', { files }),
  ]);
  const against = [
    ...judgeFolder(before, path),
    ...planned.reasons,
    ...looked.reasons,
    ...judgeSame(planned.files, looked.files, names.to),
  ];
  if ((inventory.vm(id)?.status.snapshots.count ?? 0) > 0)
    against.push({
      code: 'snapshots',
      text: `${before.name} has snapshots of Gantry, which its hypervisor does not know`,
      remedy: `delete them first: gantry vm snapshot list ${before.name}`,
    });
  if (inventory.vm(id)?.status.undo !== null)
    against.push({
      code: 'undo-disks',
      text: `${before.name} has undo disks, which its hypervisor does not know`,
      remedy: `commit or discard them first: gantry vm commit-undo ${before.name}`,
    });
  if (against.length > 0)
    throw blocked(`cannot give ${before.name} back to host ${names.to}`, against);
  const input: HandoverInput = {
    fromHost: hostId,
    toHost: target.id,
    ...names,
    lent: { ...lent, startsWithHost: before.settings.start.onHostStart !== 'off' },
    before,
    after: before,
    path,
    there,
    warnings: [],
  };
  return await submit(coordinator, caller, vm, giveBackKind, input, { dryRun, warnings: [] });
}

async function submit(
  coordinator: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  { action, steps }: Kind,
  input: HandoverInput,
  { dryRun, warnings }: { readonly dryRun: boolean; readonly warnings: readonly Reason[] },
): Promise<Operation | DryRun> {
  const target = vmThing(vm.id, vm.data);
  if (dryRun)
    return {
      dryRun: true,
      action,
      target,
      steps: stepNames({ action, steps }),
      changes: [],
      warnings: asReasons(warnings),
    };
  return await coordinator.operations.submit(
    caller,
    { action, target, input: asJson(input) as Record<string, never> },
    { conditions: [{ kind: 'vm', id: vm.id, version: vm.version }] },
  );
}

interface Chosen {
  readonly host: Document<HostDocument> | undefined;
  readonly owners: readonly FileOwner[];
  readonly reasons: readonly Reason[];
}

/** The host with an agent that sees the same files; only one that is named is told what it lacks. */
async function chooseAgent(
  coordinator: Coordinator,
  caller: Caller,
  vm: Document<VmDocument>,
  named: Document<HostDocument> | undefined,
  { files, kept, uefi }: LinkResult<'machine.handover.read'>,
): Promise<Chosen> {
  const { inventory, links } = coordinator;
  const { folderId, definition } = vm.data;
  const { machine } = definition.hardware;
  const hasTpm = kept.some(({ part }) => part === 'tpm');
  const look = async (host: Document<HostDocument>): Promise<Chosen> => {
    const params = {
      files: files.map(({ file }) => file),
      ...(uefi === null ? {} : { uefi: { ...uefi, machine } }),
    };
    const {
      files: seen,
      owners,
      reasons,
    } = await links.call(host.id, 'machine.handover.look', params);
    // Of what vms there may not use it is not told which file it is.
    const same = reasons.length > 0 ? [] : judgeSame(files, seen, host.data.name);
    return { host, owners, reasons: [...reasons, ...same, ...(hasTpm ? judgeTpm(host) : [])] };
  };
  if (named !== undefined) {
    if (named.data.connection !== undefined)
      throw new Fault('refused', `host ${named.data.name} has no agent, which could run it`);
    requireAbility(named, 'start');
    await requireConnected(coordinator, named.id);
    return await look(named);
  }
  const found: Chosen[] = [];
  const lacking: Reason[] = [];
  const candidates = [...inventory.documents<HostDocument>('host')].filter(
    ({ id, data: { connection, facts } }) =>
      connection === undefined &&
      facts?.missing['file-copy'] === undefined &&
      caller.may('vm.create', { kind: 'place', folderId, hostId: id }),
  );
  // One that is about to come back is waited for, as by any call.
  await Promise.all(candidates.map(({ id }) => links.whenSettled(id)));
  for (const host of candidates) {
    const { name } = host.data;
    try {
      const seen = await look(host);
      if (seen.reasons.length === 0) found.push(seen);
      lacking.push(...seen.reasons);
    } catch (error) {
      if (!isFault(error)) throw error;
      const { code, hint } = error;
      const why = describeFault(error);
      const text = code === 'unavailable' ? why : `host ${name}: ${why}`;
      lacking.push({ code: 'unavailable', text, remedy: hint });
    }
  }
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  if (only !== undefined) {
    const all = found.map(({ host }) => host?.data.name ?? '').join(', ');
    throw new Fault('refused', `more than one host sees the disks of ${definition.name}: ${all}`, {
      hint: 'name one: --host',
    });
  }
  const none: Reason = {
    code: 'no-agent',
    text: `no host with an agent sees the disks of ${definition.name}`,
    remedy: 'join that computer with an agent: gantry host join',
  };
  return { host: undefined, owners: [], reasons: lacking.length > 0 ? lacking : [none] };
}

/** The same name may be another file there: it is the same one if it was changed in the same nanosecond. */
function judgeSame(
  ones: readonly SeenFile[],
  others: readonly SeenFile[],
  hostName: string,
): Reason[] {
  const seen = new Map(others.map(({ file, changed }) => [file, changed]));
  return ones.flatMap(({ file, changed }) => {
    const there = seen.get(file) ?? null;
    // It is told already what is against it.
    if (changed === null || there === changed) return [];
    return [
      {
        code: 'other-file',
        text:
          there === null
            ? `host ${hostName} does not see the disk ${file}`
            : `the disk ${file} of host ${hostName} is another file`,
        remedy: 'name the host that sees the same files: --host',
      },
    ];
  });
}

function judgeTpm({ data: { name, facts } }: Document<HostDocument>): Reason[] {
  const lacking = facts?.missing.tpm;
  if (lacking === undefined) return [];
  const text = `host ${name} runs no vm with a TPM: ${lacking}`;
  return [{ code: 'tpm-missing', text, remedy: 'install the package swtpm there' }];
}

/** What lies in the vm's own folder goes with that. */
function judgeFolder({ name, hardware }: VmDefinition, folder: string): Reason[] {
  if (folder === '') return [];
  return hardware.disks
    .filter(({ file }) => posix.resolve(folder, file).startsWith(`${folder}/`))
    .map(({ file }) => ({
      code: 'own-folder',
      text: `the disk ${file} lies in the folder of ${name}, which goes with it`,
      remedy: `move it into the folder of a storage pool: gantry vm move-disk ${name} PLACE --path FOLDER`,
    }));
}

function withFullPaths(definition: VmDefinition, folder: string): VmDefinition {
  const disks = definition.hardware.disks.map((disk) => ({
    ...disk,
    file: posix.resolve(folder, disk.file),
  }));
  return { ...definition, hardware: { ...definition.hardware, disks } };
}

function blocked(what: string, reasons: readonly Reason[]): Fault {
  return new Fault('blocked', what, { reasons: [...reasons], hint: reasons[0]?.remedy });
}
