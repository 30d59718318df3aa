/** The settings that a request can change, with what they are in the thing itself: in the request what stays is left out. */
import type { z } from 'zod';

export function settingsIn(patch: z.ZodObject, whole: z.ZodObject): z.ZodObject {
  const mask = Object.fromEntries(Object.keys(patch.shape).map((name) => [name, true]));
  return whole.pick(mask as Parameters<typeof whole.pick>[0]);
}
