/** The password of an account of a guest, set through its agent. It is passed on, and kept nowhere. */
import { z } from 'zod';

/*
 * No control characters: they would end a line of an agent's program, or its first field. They are written out, because
 * \p{Cc} is no regular expression where the OpenAPI document is read in other languages.
 */
// oxlint-disable-next-line no-control-regex -- they are what is kept out
const oneLine = /^[^\u0000-\u001f\u007f-\u009f]+$/;
// oxlint-disable-next-line no-control-regex -- they are what is kept out
const oneLineBeforeColon = /^[^\u0000-\u001f\u007f-\u009f:]+$/;

export const guestPasswordSchema = z
  .strictObject({
    user: z
      .string()
      .max(256)
      .regex(oneLineBeforeColon)
      .meta({ description: 'name of the account in the guest' }),
    password: z.string().max(1024).regex(oneLine),
    isEncrypted: z
      .boolean()
      .default(false)
      .meta({ description: 'it is in the form in which the guest keeps passwords: crypt(3)' }),
  })
  .meta({ id: 'GuestPassword' });
export type GuestPassword = z.infer<typeof guestPasswordSchema>;
