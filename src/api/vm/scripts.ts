/**
 * Scripts attached to events of a vm: programs of its host that the agent runs when the event occurs (VM-58,
 * API-28 to API-34). They run under the vm's account, and only where the installation allows them at all.
 */
import { z } from 'zod';
import type { EventName } from '../event/catalogue.ts';

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

/** Of each of its outputs, kept with the event of its end (EVT-67). */
export const maxScriptOutputBytes = 64 * 1024;

const withoutNul = /^[^\0]*$/;

export const scriptSchema = z
  .strictObject({
    event: z.enum(scriptEvents).meta({ description: 'when it runs: after this event of the vm' }),
    file: z
      .string()
      .max(1024)
      .regex(/^\/[^\0]+$/)
      .meta({ description: "program on the vm's host; its first argument is the vm's name" }),
    arguments: z
      .array(z.string().max(1024).regex(withoutNul))
      .max(32)
      .default([])
      .meta({ description: "further arguments, after the vm's name" }),
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(3600)
      .default(60)
      .meta({ description: 'after which it and its children are ended' }),
  })
  .meta({ id: 'Script', description: 'a program that an event of the vm starts on its host' });
export type Script = z.infer<typeof scriptSchema>;
