/** What a guest is asked through its agent, and answers at once. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { guestClockSettingSchema } from '../vm/guest-clock.ts';
import { freezeStates, guestTrimRequestSchema, guestTrimSchema } from '../vm/guest-freeze.ts';
import { guestPasswordSchema } from '../vm/guest-password.ts';

export const guestMethods = {
  /** Sets the clock of the guest where that is asked for, and answers what it shows then. Errors: `unavailable` without its agent. */
  'machine.clock': {
    params: z.strictObject({
      id: idSchema,
      set: guestClockSettingSchema.shape.time.nullable().meta({ description: 'null: reads alone' }),
    }),
    result: z.strictObject({ timeMs: z.number().int() }),
  },
  /**
   * Holds file systems of the guest still, or lets all of them go. Asked again it is so already. Errors: `unavailable` without its agent;
   * `refused` while a snapshot holds them; `unsupported` for a limit that the hypervisor does not keep.
   */
  'machine.freeze': {
    params: z.strictObject({
      id: idSchema,
      set: z.enum(freezeStates).nullable().meta({ description: 'null: asks alone' }),
      mountPoints: z.array(z.string().max(4096)).max(256).meta({ description: 'none: all' }),
      limitSeconds: z.number().int().positive().nullable().meta({ description: 'null: not said' }),
    }),
    result: z.strictObject({
      state: z.enum(freezeStates),
      fileSystems: z.number().int().nullable(),
      untilMs: z.number().nullable(),
    }),
  },
  /** Has the guest give back what is free. Errors: `unavailable` without its agent; the guest's own. */
  'machine.trim': {
    params: guestTrimRequestSchema.extend({ id: idSchema }),
    result: guestTrimSchema,
  },
  /** Sets it; asked again it is so already. Errors: `unavailable` without its agent; the guest's own. */
  'machine.password': {
    params: guestPasswordSchema.extend({ id: idSchema }),
    result: z.strictObject({}),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
