/** Scripts attached to events of a host (API-29): they run there, under an account that owns nothing. */
import { z } from 'zod';
import type { EventName } from './event/catalogue.ts';
import { scriptFields } from './scripts.ts';

/** Those that the host's agent tells. */
export const hostScriptEvents = [
  'host.started',
  'host.stopped',
  'host.low-resources',
  'host.network-service-failed',
  'host.adapter-changed',
  'host.adapter-undone',
  'host.installation-corrupt',
] as const satisfies readonly EventName[];

export const hostScriptSchema = z
  .strictObject({
    event: z
      .enum(hostScriptEvents)
      .meta({ description: 'when it runs: after this event of the host' }),
    ...scriptFields('host'),
  })
  .meta({ id: 'HostScript', description: 'a program that an event of the host starts on it' });
export type HostScript = z.infer<typeof hostScriptSchema>;
