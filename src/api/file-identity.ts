/** What a file on a host is, by its content (FMT-01). */
import { z } from 'zod';

export const fileIdentitySchema = z
  .strictObject({
    path: z.string(),
    sizeBytes: z.number().int().min(0),
    group: z.enum([
      'disk',
      'cd',
      'floppy',
      'configuration',
      'snapshots',
      'saved-state',
      'firmware',
      'kernel',
      'network',
      'archive',
      'compressed',
      'volume',
      'document',
      'unknown',
    ]),
    format: z
      .string()
      .max(40)
      .meta({ description: 'one word: vhd, iso, vmx; text or unknown for what is none of them' }),
    title: z.string().max(200),
    version: z
      .string()
      .max(200)
      .nullable()
      .meta({ description: 'null where the format has none, or the file does not tell' }),
    details: z.array(z.string().max(2000)).max(100),
    uses: z
      .array(
        z.strictObject({
          what: z.string().max(200),
          how: z
            .string()
            .max(400)
            .meta({ description: 'a command, with FILE in the place of the file' }),
        }),
      )
      .max(20)
      .meta({ description: 'what can be done with it' }),
  })
  .meta({ id: 'FileIdentity', description: 'what a file is, whatever it is called' });
export type FileIdentity = z.infer<typeof fileIdentitySchema>;
