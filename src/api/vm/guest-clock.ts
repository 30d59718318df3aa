/** The clock of a guest, as its agent reads and sets it. */
import { z } from 'zod';

export const guestClockSchema = z
  .strictObject({
    time: z.iso.datetime().meta({ description: "UTC, by the guest's clock" }),
  })
  .meta({ id: 'GuestClock' });

export const guestClockSettingSchema = z
  .strictObject({
    time: z.union([z.iso.datetime(), z.literal('hardware')]).meta({
      description: 'UTC; hardware: what the real-time clock of its machine shows',
    }),
  })
  .meta({ id: 'GuestClockSetting' });
export type GuestClock = z.infer<typeof guestClockSchema>;
export type GuestClockSetting = z.infer<typeof guestClockSettingSchema>;
