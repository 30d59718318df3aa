/** Scripts attached to events of a vm (VM-58, API-28): they run on its host, under the vm's account. */
import { z } from 'zod';
import type { EventName } from '../event/catalogue.ts';
import { scriptFields } from '../scripts.ts';

/** Those that the vm's agent tells. */
export const scriptEvents = [
  'vm.state.powered-on',
  'vm.state.powered-off',
  'vm.state.reset',
  'vm.state.suspended',
  'vm.state.resumed',
  'vm.state.released',
  'vm.state.saved',
  'vm.state.restored',
  'vm.state.discarded',
  'vm.shutdown.requested',
  'vm.shutdown.completed',
  'vm.shutdown.timed-out',
  'vm.restore-failed',
  'vm.save-failed',
  'vm.crashed',
  'vm.guest-error',
  'vm.failure-reaction',
  'vm.device-not-available',
  'vm.disk-error',
  'vm.media.inserted',
  'vm.media.ejected',
  'vm.heartbeat.lost',
  'vm.heartbeat.regained',
  'vm.additions.outdated',
  'vm.clock.corrected',
  'vm.cut-off',
  'vm.stop-fallback',
] as const satisfies readonly EventName[];

export const scriptSchema = z
  .strictObject({
    event: z.enum(scriptEvents).meta({ description: 'when it runs: after this event of the vm' }),
    ...scriptFields('vm'),
  })
  .meta({ id: 'Script', description: 'a program that an event of the vm starts on its host' });
export type Script = z.infer<typeof scriptSchema>;
