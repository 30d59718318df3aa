/**
 * Identity and names. Every resource has an id, a UUID in lower case that never changes and is unique
 * across all hosts and drivers (VM-14), and most have a name that people give. Routes take either: a
 * name never looks like a UUID.
 */
import { z } from 'zod';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// Slashes, and characters that are not seen: control and format characters, line and paragraph
// separators, halves of surrogate pairs.
const unfitForNames = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\]/u;

export const maxNameBytes = 100;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** A resource's id: UUID, lower case, RFC 9562. */
export const idSchema = z
  .string()
  .regex(uuidPattern, 'is not a UUID in lower case')
  .meta({
    description: 'UUID in lower case; never changes',
    examples: ['3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f'],
  });

/** Why a text cannot be a name, or undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'is empty';
  if (name.length > maxNameBytes || new TextEncoder().encode(name).length > maxNameBytes) {
    return `is longer than ${maxNameBytes} bytes`;
  }
  if (unfitForNames.test(name))
    return 'contains a control character, a slash or an invisible character';
  if (name.trim() !== name) return 'begins or ends with a space';
  if (name.startsWith('.') || name.startsWith('-')) return 'begins with a dot or a hyphen';
  if (isUuid(name.toLowerCase())) return 'has the form of an id';
  if (name.normalize('NFC') !== name) return 'is not in Unicode normal form C';
  return undefined;
}

/** A name given by people: 1 to 100 bytes of UTF-8 that can also be a file name. */
export const nameSchema = z
  .string()
  .superRefine((name, context) => {
    const problem = nameProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `the name ${problem}` });
  })
  .meta({
    description:
      'name given by people, 1 to 100 bytes, usable as a file name, unique among its kind',
    examples: ['web-1'],
    minLength: 1,
    maxLength: maxNameBytes,
  });

/** An id or a name, as routes and commands take it. */
export const referenceSchema = z
  .string()
  .min(1)
  .max(maxNameBytes)
  .meta({ description: 'id or name' });

/** RFC 3339 in UTC with milliseconds. */
export const timeSchema = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'RFC 3339, UTC, milliseconds', examples: ['2026-01-31T12:00:00.000Z'] });

export const kinds = [
  'vm',
  'host',
  'folder',
  'image',
  'profile',
  'team',
  'network',
  'user',
  'role',
  'grant',
  'token',
  'operation',
  'installation',
] as const;

/** A kind of resource. */
export type Kind = (typeof kinds)[number];

/** A thing named in an event, an operation or a fault. */
export const thingSchema = z
  .strictObject({
    kind: z.enum(kinds).meta({ description: 'kind of the thing' }),
    id: z.string().max(64).meta({ description: 'its id' }),
    name: z.string().max(256).meta({ description: 'its name at the time' }),
  })
  .meta({ id: 'Thing', description: 'a thing by kind, id and its name at the time' });

export type Thing = z.infer<typeof thingSchema>;
