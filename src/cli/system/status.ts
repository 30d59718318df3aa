/** `gantry status`: this machine's programs first, then what the coordinator says of itself and its hosts. */
import type { Finding, Installation } from '#api';
import { describeFault, Fault } from '#lib';
import type { Run } from '../command.ts';
import { readCoordinatorFile } from '../connection.ts';
import { counted } from '../output/human.ts';
import { hostNeeds, missingNeeds } from './packages.ts';
import { logPlace, programRuns, runsWithoutAccount } from './running.ts';
import { readStartSettings } from './settings.ts';
import { findSpace } from './space.ts';

function finding(
  check: string,
  result: Finding['result'],
  evidence: string,
  remedy: string | null = null,
): Finding {
  return { check, result, evidence, remedy };
}

export async function judgeInstallation(
  run: Pick<Run, 'installation' | 'client' | 'signal'>,
): Promise<readonly Finding[]> {
  const { installation, signal } = run;
  const findings: Finding[] = [];
  const simulated = (readStartSettings(installation)?.simulate ?? null) !== null;
  for (const program of ['coordinator', 'agent'] as const) {
    const runs = await programRuns(installation, program);
    findings.push(
      runs
        ? finding(
            program,
            'ok',
            program === 'coordinator'
              ? `serves at ${readCoordinatorFile(installation)?.url ?? 'an unknown address'}`
              : 'runs',
          )
        : finding(
            program,
            'error',
            'does not run',
            `gantry up; its log is ${logPlace(installation, program)}`,
          ),
    );
  }
  const space = findSpace(installation.data);
  if (space !== undefined) findings.push(space);
  const serves = findings.every(({ check, result }) => check !== 'coordinator' || result === 'ok');
  const pid = readCoordinatorFile(installation)?.pid;
  if (pid !== undefined && runsWithoutAccount(pid))
    findings.push(
      finding(
        'service account',
        'warning',
        'the coordinator runs as root, which it needs not',
        'gantry down && gantry up',
      ),
    );
  if (!simulated) {
    for (const need of missingNeeds(hostNeeds())) {
      findings.push(
        finding(
          need.package,
          need.required === 'required' ? 'error' : 'warning',
          `missing: ${need.reason}`,
          `apt-get install ${need.package}`,
        ),
      );
    }
  }
  try {
    // asking for the client is what fails where nothing runs
    const answer = await run.client.call('installation.show', {}, signal);
    findings.push(finding('inventory', 'ok', describeCounts(answer.counts)));
    findings.push(...answer.findings);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // of what does not run it was said already
    if (serves) findings.push(finding('api', 'error', describeFault(error), error.hint ?? null));
  }
  return findings;
}

function describeCounts(counts: Installation['counts']): string {
  const { hosts, vms, running, operations } = counts;
  const inProgress = `${counted(operations, 'operation')} in progress`;
  return [counted(hosts, 'host'), counted(vms, 'vm'), `${running} running`, inProgress].join(', ');
}
