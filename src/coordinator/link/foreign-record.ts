/**
 * Records of hosts without an agent (docs/rfd/0024): what is there, never what was told. What people say of a vm in
 * Gantry stays; hardware, shares of processors, whether it starts with its host, what becomes of it when its guest restarts itself, what its
 * hypervisor calls it and what that keeps for other programs are taken over.
 */
import { vmStateFacts, type MachineRecord, type MachineReport, type VmDefinition } from '#api';
import { metadataKey, titleKey } from '#foreign';
import { foreignName, isHardwareRead } from '../foreign-vm.ts';

/** The definition with what is seen now. Its name follows as long as nobody has given it another one in Gantry. */
export function seenDefinition(
  ours: VmDefinition,
  { definition: seen }: MachineRecord,
): VmDefinition {
  const { hardware, resources, extensions, name } = seen;
  const own = foreignName(ours);
  const isOwn =
    ours.name === own || [' (', '@'].some((mark) => ours.name.startsWith(`${own}${mark}`));
  const isRenamed = foreignName(ours) !== foreignName(seen);
  const { settings } = ours;
  const { onHostStart } = seen.settings.start;
  // It is read with the hardware.
  const { onGuestReboot } = isHardwareRead(seen) ? seen.settings : settings;
  const named = {
    ...ours,
    name: isOwn && isRenamed ? name : ours.name,
    settings: { ...settings, start: { ...settings.start, onHostStart }, onGuestReboot },
  };
  // Whoever observes anew has not read all of it yet.
  if (isHardwareRead(ours) && !isHardwareRead(seen) && !isRenamed) return named;
  const { [titleKey]: _title, [metadataKey]: _metadata, ...kept } = ours.extensions;
  return { ...named, hardware, resources, extensions: { ...kept, ...extensions } };
}

/**
 * The report with times that were known before: whoever observes knows since when a state is there only from the
 * moment that it looked.
 */
export function keepTimes(known: MachineReport | undefined, report: MachineReport): MachineReport {
  if (report.foreign !== true || known === undefined || known.state !== report.state) return report;
  const isLive = vmStateFacts[report.state].live;
  return {
    ...report,
    since: known.since,
    startedAt: isLive ? (report.startedAt ?? known.startedAt) : null,
  };
}
