/** A new vm: planned without effect, made whole or not at all (VM-01 to VM-03). */
import type { DiskSource, LinkParams, LinkResult, StartCheck, VmDefinition } from '#api';
import { describeFault, Fault, formatBytes } from '#lib';
import type { Host } from '../host/host.ts';
import { handedOverFiles } from './handovers.ts';
import { operationOf, tellingFailure } from '../machine/disk-failure.ts';
import { requireParents } from '../machine/layers/take-parents.ts';
import { newMachineFile } from '../machine/record.ts';

export async function createMachine(
  host: Host,
  params: LinkParams<'machine.create'>,
  signal: AbortSignal,
  progress: (progress: number | null, note: string | null) => void,
): Promise<LinkResult<'machine.create'>> {
  const { definition, definitionVersion, disks } = params;
  const known = host.machines.get(definition.id);
  if (known) return { report: known.report() };
  const { storage } = host.driver;
  const plan = await planMachine(host, definition, disks);
  if (!plan.ok) {
    throw new Fault('blocked', `cannot create ${definition.name}: ${plan.reasons[0]?.text ?? ''}`, {
      reasons: plan.reasons,
      hint: plan.reasons[0]?.remedy,
    });
  }
  const place = await storage.makeFolder(definition);
  const fresh = host.newFile(definition, definitionVersion, place);
  const file = { ...fresh, generation: params.generation };
  try {
    await storage.writeDefinition(file);
    if (params.kept !== undefined) await handedOverFiles(host).writeKept(file, params.kept);
    for (const [index, source] of disks.entries()) {
      progress(index / disks.length, `making disk ${source.file}`);
      const work = { vmId: definition.id, operation: operationOf(source), file: source.file };
      await tellingFailure(host, { ...work, cause: params.cause, signal }, () =>
        storage.createDisk(file, source, signal, (share) =>
          progress((index + share) / disks.length, `making disk ${source.file}`),
        ),
      );
    }
    signal.throwIfAborted();
    const layers = await requireParents(host, file, []);
    if (layers !== file.layers) await storage.layers.write(file, layers);
    const machine = await host.add({ ...file, layers });
    return { report: machine.report() };
  } catch (error) {
    // Nothing is left behind; disks that existed before are none of ours.
    const made = new Set(disks.map((disk) => disk.file));
    const foreign = definition.hardware.disks
      .map((disk) => disk.file)
      .filter((one) => !made.has(one));
    await storage
      .destroy(file, new Set(foreign), host.others(definition.id))
      .catch((cause: unknown) => {
        host.log.warn({ vm: definition.id, why: describeFault(cause) }, 'cannot clean up');
      });
    throw error;
  }
}

/** Memory is warned of, for it may be there later; disk space must be there now. */
export async function planMachine(
  host: Host,
  definition: VmDefinition,
  disks: readonly DiskSource[],
): Promise<StartCheck> {
  const reasons: StartCheck['reasons'] = [];
  const warnings: StartCheck['warnings'] = [];
  const place = { folder: '/', file: '/' };
  const admission = host.admit(newMachineFile(definition, 0, place, host.clock.now()));
  for (const reason of [...admission.reasons, ...admission.warnings]) {
    if (reason.code === 'memory-total') reasons.push(reason);
    else warnings.push(reason);
  }
  const needed = await host.driver.storage.spaceFor(disks);
  const [volume] = await host.driver.storage.volumes();
  const free = (volume?.freeBytes ?? 0) - host.settings.minimumFreeDiskBytes;
  if (needed > free) {
    reasons.push({
      code: 'disk-space',
      text: `the disks need ${formatBytes(needed)}, ${formatBytes(Math.max(0, free))} are free`,
      remedy: 'choose smaller disks, or free space on the host',
    });
  }
  return { ok: reasons.length === 0, reasons, warnings };
}
