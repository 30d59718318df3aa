/**
 * Vms for other products: checked against what the product can run, then written on their host as a folder with a
 * configuration and converted disks. The vm itself stays as it is.
 */
import { posix } from 'node:path';
import {
  isOva,
  type DryRun,
  type LinkParams,
  type Operation,
  type TransferFinding,
  type VmHandOut,
} from '#api';
import { writeHyperV, writeOvf, writeVmc, writeVmx, type WritableMachine } from '#foreign';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, NetworkDocument } from '../../documents.ts';
import { requireAbility } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { vmThing } from '../things.ts';
import { followed, stepNames, type Kind } from '../work.ts';
import { machineOf, prepare } from './device-change.ts';
import { exportMachine, fileName, type ExportedDisk } from './export-machine.ts';
import { exportProfileFor, type ExportProfile } from './export-profiles.ts';
import { writeForLibvirt } from './export-libvirt.ts';
import { blockersOf, warningsOf } from './import-notes.ts';

const copyLimitMs = 24 * 3_600_000;

type Files = Omit<LinkParams<'machine.hand-out'>, 'id' | 'generation' | 'cause'>;

/** Errors: `blocked` with everything that the product cannot run. */
export async function handOutVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: VmHandOut,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'clone');
  const { inventory } = coordinator;
  const host = inventory.document<HostDocument>('host', vm.data.hostId);
  if (host !== undefined) requireAbility(host, 'file-copy');
  const profile = exportProfileFor(request.as, definition.hardware);
  const state = inventory.vm(id)?.state;
  const networkName = (network: string): string =>
    inventory.document<NetworkDocument>('network', network)?.data.name ?? network;
  const { machine, disks, notes } = exportMachine(
    { definition, networkName, isSaved: state === 'saved' },
    profile,
    request,
  );
  if (state !== 'off' && state !== 'saved')
    notes.block({
      code: 'export-running',
      text: `${definition.name} is ${state}`,
      remedy: `shut it down: gantry vm shutdown ${definition.name}`,
    });
  const target = vmThing(vm.id, vm.data);
  const warnings = warningsOf(notes.list);
  if (dryRun)
    return {
      dryRun: true,
      action: handOutKind.action,
      target,
      steps: stepNames(handOutKind),
      changes: [],
      warnings: asReasons(warnings),
      findings: [...notes.list],
    };
  requireFit(definition.name, profile.name, notes.list);
  const path = posix.normalize(request.path).replace(/\/$/, '');
  const archive = isOva(path) ? path : null;
  const folder = archive === null ? path : `${archive}.parts`;
  const shown = inventory.vm(id);
  const text =
    profile.format === 'xml' && shown !== undefined
      ? writeForLibvirt({ ...shown, definition }, { machine, folder, networkName })
      : writeFor(machine, profile, disks);
  const files: Files = {
    folder,
    configuration: {
      file: `${fileName(definition.name)}.${profile.format}`,
      base64: text.toString('base64'),
    },
    disks: disks.map(({ disk, file }) => ({ disk, file, ...profile.disk })),
    ...(profile.format === 'ovf' && {
      package: { archive, signer: request.signWith ?? null },
    }),
  };
  return await coordinator.operations.submit(caller, {
    action: handOutKind.action,
    target,
    input: asJson({ files, warnings: inWords(warnings) }) as Record<string, never>,
  });
}

function writeFor(
  machine: WritableMachine,
  profile: ExportProfile,
  disks: readonly ExportedDisk[],
): Buffer {
  if (profile.format === 'ovf')
    return writeOvf(machine, new Map(disks.map(({ file, sizeBytes }) => [file, sizeBytes])));
  if (profile.format === 'vmx') return writeVmx(machine, profile.hardwareVersion);
  return profile.format === 'ps1' ? writeHyperV(machine) : writeVmc(machine, profile.product);
}

function requireFit(name: string, product: string, findings: readonly TransferFinding[]): void {
  const reasons = blockersOf(findings);
  const [first] = reasons;
  if (first === undefined) return;
  const texts = reasons.map(({ text }) => text).join('; ');
  throw new Fault('blocked', `cannot export ${name} for ${product}: ${texts}`, {
    reasons,
    hint: first.remedy,
  });
}

export const handOutKind: Kind = {
  action: 'vm.hand-out',
  steps: [
    {
      name: 'write',
      // Whole or not at all, by the agent; a folder that is whole is of use whatever follows.
      way: 'stays',
      async run(work) {
        const { hostId, machine } = machineOf(work);
        const { files, warnings } = work.input as unknown as {
          readonly files: Files;
          readonly warnings: readonly string[];
        };
        const { memory } = work;
        const again = memory['begun'] === true;
        await work.remember({ ...memory, begun: true });
        await work.coordinator.links.call(
          hostId,
          'machine.hand-out',
          { ...machine, ...files, again },
          followed(work, copyLimitMs),
        );
        const whole = posix.join(files.folder, files.configuration.file);
        const path = files.package?.archive ?? whole;
        await work.conclude({ path, ...(warnings.length > 0 ? { warnings: [...warnings] } : {}) });
      },
    },
  ],
};
