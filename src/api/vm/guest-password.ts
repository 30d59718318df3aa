/** The password of an account of a guest, set through its agent. It is passed on, and kept nowhere. */
import { z } from 'zod';

/** What would end a line of an agent's program, or its first field. */
const oneLine = /^[^\p{Cc}]+$/u;

export const guestPasswordSchema = z
  .strictObject({
    user: z
      .string()
      .max(256)
      .regex(/^[^\p{Cc}:]+$/u)
      .meta({ description: 'name of the account in the guest' }),
    password: z.string().max(1024).regex(oneLine),
    isEncrypted: z
      .boolean()
      .default(false)
      .meta({ description: 'it is in the form in which the guest keeps passwords: crypt(3)' }),
  })
  .meta({ id: 'GuestPassword' });
export type GuestPassword = z.infer<typeof guestPasswordSchema>;
