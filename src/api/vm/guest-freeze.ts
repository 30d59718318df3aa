/** File systems of a guest, held still and trimmed through its agent. */
import { z } from 'zod';

export const freezeStates = ['thawed', 'frozen'] as const;

/** Of a host with an agent, where nothing else is asked for. */
export const defaultFreezeSeconds = 600;

export const guestFreezeSchema = z
  .strictObject({
    state: z.enum(freezeStates).meta({ description: 'as the guest agent says' }),
    fileSystems: z.number().int().nullable().meta({
      description: 'how many this request has held still or let go; null: nothing was asked',
    }),
    until: z.iso.datetime().nullable().meta({
      description: 'when they are let go by themselves; null: never, or nothing is held',
    }),
  })
  .meta({ id: 'GuestFreeze' });
export type GuestFreeze = z.infer<typeof guestFreezeSchema>;

export const guestFreezeRequestSchema = z
  .strictObject({
    mountPoints: z
      .array(z.string().min(1).max(4096))
      .max(256)
      .default([])
      .meta({ description: 'where they are mounted in the guest; none: all' }),
    limitSeconds: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .optional()
      .meta({
        description: `let go by itself after this; ${defaultFreezeSeconds} where it is not said. None on a libvirt host`,
      }),
  })
  .meta({ id: 'GuestFreezeRequest' });
export type GuestFreezeRequest = z.infer<typeof guestFreezeRequestSchema>;

export const guestTrimRequestSchema = z
  .strictObject({
    minimumBytes: z.number().int().min(0).default(0).meta({
      description: 'free pieces of less are left',
    }),
  })
  .meta({ id: 'GuestTrimRequest' });
export type GuestTrimRequest = z.infer<typeof guestTrimRequestSchema>;

export const guestTrimSchema = z
  .strictObject({
    fileSystems: z
      .array(
        z.strictObject({
          mountPoint: z.string(),
          trimmedBytes: z.number().nullable(),
          error: z.string().nullable().meta({ description: "in the guest's words" }),
        }),
      )
      .max(1024)
      .meta({ description: 'each that can; libvirt hosts name none' }),
  })
  .meta({ id: 'GuestTrim' });
export type GuestTrim = z.infer<typeof guestTrimSchema>;
