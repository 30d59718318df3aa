/** A piece of the memory of a vm that runs. */
import { z } from 'zod';

export const maxPeekBytes = 4 * 1024 * 1024;

const address = z
  .string()
  .refine(
    (text) => /^(0x[\da-f]{1,16}|\d{1,20})$/i.test(text) && BigInt(text) < 2n ** 64n,
    'is no address of 64 bits, decimal or with 0x',
  )
  .meta({ description: 'its first byte, decimal or with 0x' });

export const memoryPeekSchema = z.strictObject({
  at: address,
  bytes: z.coerce.number().int().min(1).max(maxPeekBytes),
  space: z.enum(['physical', 'virtual']).default('physical').meta({
    description: 'whose address it is: of its machine, or as its first processor sees it then',
  }),
});
export type MemoryPeek = z.infer<typeof memoryPeekSchema>;
