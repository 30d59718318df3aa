/** What an agent finds wrong though nobody asked it to do anything: of its host, and of the vms on it. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { saidSchemas } from '../installation.ts';

/** What of it there can be, with its meaning. */
export const hostTroubles = {
  'no-space': 'a vm is paused since a volume has no room for its disks',
  'invalid-parent': 'the parent of a disk is missing, or is not what it was',
  'unprotected-parent': 'anybody who may change the file of a parent can make a disk unusable',
  'run-account': 'the account that a vm shall run as is missing or locked',
  'system-log': 'events do not reach the log of the operating system',
} as const;
export type HostTroubleKind = keyof typeof hostTroubles;
const kinds = Object.keys(hostTroubles) as [HostTroubleKind, ...HostTroubleKind[]];

export const maxHostTroubles = 10_000;

export const hostTroubleSchema = z.strictObject({
  kind: z.enum(kinds),
  vmId: idSchema.nullable().meta({ description: 'null: about the host' }),
  text: z.string().max(1000),
  remedy: z.string().max(1000).nullable(),
  ...saidSchemas,
});
export type HostTrouble = z.infer<typeof hostTroubleSchema>;
