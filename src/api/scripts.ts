/**
 * Scripts attached to events: programs of a host that its agent runs when an event of a vm or of the host itself
 * occurs (API-27 to API-34). They run under an account with few rights, and only where the installation allows
 * them at all.
 */
import { z } from 'zod';

/** Of each of its outputs, kept with the event of its end (EVT-67). */
export const maxScriptOutputBytes = 64 * 1024;

/** Of one vm, or of one host. */
export const maxScripts = 32;

const withoutNul = /^[^\0]*$/;

/** What a script is beside the event that it is attached to. */
export const scriptFields = (of: 'vm' | 'host') => ({
  file: z
    .string()
    .max(1024)
    .regex(/^\/[^\0]+$/)
    .meta({
      description: `program on the ${of === 'vm' ? "vm's host" : 'host'}; its first argument is the ${of}'s name`,
    }),
  arguments: z
    .array(z.string().max(1024).regex(withoutNul))
    .max(32)
    .default([])
    .meta({ description: `further arguments, after the ${of}'s name` }),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .meta({ description: 'after which it and its children are ended' }),
});

/** Name of an account of a host. */
export const accountNameSchema = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/);
