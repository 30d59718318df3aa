/** What a foreign hypervisor knows by a name, in words that fit. */
import { maxNameBytes, nameProblem } from '#api';
import { foreignId } from '#foreign';

/** Of a snapshot, which its hypervisor knows by its name. */
export function snapshotIdOf(vmId: string, name: string): string {
  return foreignId(`gantry foreign snapshot ${vmId} ${name}`);
}

/** A name that fits, as near to the given one as can be. */
export function fittingName(name: string, uuid: string): string {
  if (nameProblem(name) === undefined) return name;
  let text = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\]/gu, '_')
    .replace(/^[.-]+/, '_');
  while (Buffer.byteLength(text) > maxNameBytes) text = text.slice(0, -1);
  text = text.trim();
  return nameProblem(text) === undefined ? text : `vm ${uuid}`;
}
