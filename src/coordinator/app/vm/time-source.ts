/** Whether a guest's clock may be set from its host: not that of a domain controller, unless confirmed (GA-14). */
import { Fault } from '#lib';
import type { VmDefinition } from '#api';

/**
 * `detected`: what the guest additions tell. What was so before is not held against a change of something
 * else. Errors: `refused`, recommending a source of time outside.
 */
export function requireTimeSource(
  after: VmDefinition,
  detected: boolean,
  before?: VmDefinition,
): void {
  if (!setsController(after, detected)) return;
  if (before !== undefined && setsController(before, detected)) return;
  const { name, domainController } = after;
  const why = domainController ? 'is marked as' : 'runs';
  throw new Fault('refused', `cannot set the clock of ${name}: it ${why} a domain controller`, {
    facts: { path: 'settings/time/synchronise' },
    hint:
      'a domain controller should take its time from an external source (NTP) inside the guest; ' +
      'to set its clock from the host all the same: settings.time.evenDomainController=true',
  });
}

function setsController(definition: VmDefinition, detected: boolean): boolean {
  const { synchronise, evenDomainController } = definition.settings.time;
  return synchronise === true && !evenDomainController && (definition.domainController || detected);
}
