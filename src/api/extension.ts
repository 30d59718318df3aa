/** Special functions of a hypervisor beyond what all have, by the names that its driver gives them (FED-08). */
import { z } from 'zod';

export const maxExtensionTextBytes = 4 * 1024 * 1024;
export const extensionNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is no name of an extension');

export const extensionSchema = z
  .strictObject({
    name: extensionNameSchema,
    of: z.enum(['vm', 'host']).meta({ description: 'what it is asked of' }),
    meaning: z.string().max(200),
    argument: z
      .string()
      .max(200)
      .nullable()
      .meta({ description: 'what it is given as one text; null: nothing' }),
  })
  .meta({ id: 'Extension', description: 'a function of a driver that others do not have' });
export type Extension = z.infer<typeof extensionSchema>;

export const extensionRequestSchema = z
  .strictObject({ argument: z.string().max(65_536).optional() })
  .meta({ id: 'ExtensionRequest' });

export const extensionAnswerSchema = z
  .strictObject({
    output: z
      .string()
      .max(maxExtensionTextBytes)
      .meta({ description: "in the hypervisor's words" }),
  })
  .meta({ id: 'ExtensionAnswer' });

const argument = z.string().max(65_536).nullable();
const asked = { name: extensionNameSchema, argument };

/** What a coordinator may ask of a host. Errors: `not-found` where its driver has none of that name; the hypervisor's own. */
export const extensionMethods = {
  'machine.extension': {
    params: z.strictObject({ id: z.uuid(), ...asked }),
    result: extensionAnswerSchema,
  },
  'host.extension': { params: z.strictObject(asked), result: extensionAnswerSchema },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
