/** Checks the metadata of a disk's layers. */
import { isFault } from '#lib';
import type { Disk } from '../disk.ts';
import type { Finding } from '../layer.ts';
import { maxFindings } from '../limits.ts';

export interface CheckReport {
  readonly path: string;
  readonly corruptions: number;
  readonly leaks: number;
  readonly oddities: number;
  /** The first of them, a bounded number. */
  readonly findings: readonly Finding[];
}

/** Reads only. Faults: host faults, `cancelled`; damage is a finding. */
export async function checkDisk(disk: Disk, signal?: AbortSignal): Promise<CheckReport> {
  const counts = { corruption: 0, leak: 0, oddity: 0 };
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    counts[finding.kind] += 1;
    if (findings.length < maxFindings) findings.push(finding);
  };
  try {
    await disk.layer.check(report, signal);
  } catch (error) {
    if (!isFault(error, 'corrupt')) throw error;
    const { offset, structure } = error.facts;
    report({
      kind: 'corruption',
      offset: typeof offset === 'number' ? offset : 0,
      structure: typeof structure === 'string' ? structure : 'file',
      text: error.message,
    });
  }
  return {
    path: disk.name,
    corruptions: counts.corruption,
    leaks: counts.leak,
    oddities: counts.oddity,
    findings,
  };
}
