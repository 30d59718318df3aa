/** Whether a vm may be set to run as root: only where that is confirmed (SEC-55). */
import { Fault } from '#lib';
import type { VmDefinition } from '#api';

/**
 * Root is root on every host; of other accounts the host tells at the check of a start. What was so
 * before is not held against a change of something else. Errors: `refused`, with the warning.
 */
export function requireAccountChoice(after: VmDefinition, before?: VmDefinition): void {
  if (!isUnconfirmedRoot(after) || (before !== undefined && isUnconfirmedRoot(before))) return;
  throw new Fault(
    'refused',
    `cannot let ${after.name} run as root: whoever breaks out has the host`,
    {
      facts: { path: 'settings/runAs' },
      hint:
        'choose an account with few rights, or none: the vm then has one of its own; ' +
        'to run it as root all the same: settings.evenPowerfulAccount=true',
    },
  );
}

function isUnconfirmedRoot({ settings }: VmDefinition): boolean {
  return settings.runAs === 'root' && !settings.evenPowerfulAccount;
}
