/** Whether a vm may be set to start with its host: only under an account that is there and not locked (WEB-41, SEC-54). */
import { Fault, isFault, type Reason } from '#lib';
import type { StartCheck, VmDefinition } from '#api';
import type { Coordinator } from '../../context.ts';
import { hostThing } from '../things.ts';

/**
 * The host is asked when the setting, or the account of a vm that has it, is changed; what was so before is not held
 * against a change of something else. A host that is away keeps nobody from the change: it judges the account at each
 * start by itself, and tells of one that cannot be used as soon as it is back (trouble `run-account`). Answers that
 * as a warning. Errors: `refused` with what stands against the account.
 */
export async function judgeAutomaticStart(
  { links, inventory }: Pick<Coordinator, 'links' | 'inventory'>,
  hostId: string,
  after: VmDefinition,
  before?: VmDefinition,
): Promise<readonly Reason[]> {
  const { runAs, evenPowerfulAccount, start } = after.settings;
  if (start.onHostStart === 'off' || runAs === null) return [];
  if (before !== undefined && !isNew(after, before)) return [];
  const unknown: Reason = {
    code: 'account-unknown',
    text: `host ${hostThing(inventory, hostId).name} is away: whether it has the account ${runAs} is seen when it is back`,
    remedy: 'choose no account: the vm then has one of its own',
  };
  if (!links.connected(hostId)) return [unknown];
  let judged: StartCheck;
  try {
    judged = await links.call(hostId, 'host.account', { runAs, evenPowerfulAccount });
  } catch (error) {
    if (isFault(error, 'unavailable')) return [unknown];
    // It has no accounts to choose, or its agent is of before and judges at the start.
    if (isFault(error, 'unsupported')) return [];
    throw error;
  }
  const [reason] = judged.reasons;
  if (reason === undefined) return [];
  const message = `cannot let ${after.name} start with its host: ${reason.text}`;
  throw new Fault('refused', message, {
    facts: { path: 'settings/runAs' },
    ...(reason.remedy === undefined ? {} : { hint: reason.remedy }),
  });
}

function isNew({ settings: after }: VmDefinition, { settings: before }: VmDefinition): boolean {
  return (
    before.start.onHostStart === 'off' ||
    before.runAs !== after.runAs ||
    (before.evenPowerfulAccount && !after.evenPowerfulAccount)
  );
}
