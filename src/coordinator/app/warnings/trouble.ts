/** Something that is wrong now, and by what it is known again. */
import { createHash } from 'node:crypto';
import type { Finding, Thing } from '#api';
import { installationThing } from '../things.ts';

export interface Trouble extends Finding {
  /** What it is about. */
  readonly thing: Thing;
  /** Tells it from others of the same check on the same thing. */
  readonly detail: string;
}

/** The same whenever the same is wrong, over restarts too. */
export function idOfTrouble({ check, thing, detail }: Trouble): string {
  const known = JSON.stringify([check, thing.kind, thing.id, detail]);
  return createHash('sha256').update(known).digest('hex').slice(0, 32);
}

/** What is wrong with the installation as a whole, known again by its evidence. */
export function ofInstallation(finding: Finding): Trouble {
  // It may say since when, or until when.
  const detail = finding.evidence.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
  return { ...finding, thing: installationThing, detail };
}
