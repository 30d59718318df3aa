/** Files of a host that a vm of another product can be imported from: its configurations, and archives that may have one in them. */
import { z } from 'zod';

export const importSourceKinds = ['configuration', 'archive'] as const;
export const maxImportSources = 1000;

export const importSourceSchema = z
  .strictObject({
    path: z.string().min(1).max(1024).meta({ description: 'on the host' }),
    kind: z.enum(importSourceKinds).meta({
      description: 'by its name; what is in an archive is known when it is unpacked',
    }),
    sizeBytes: z.number().int().min(0),
  })
  .meta({ id: 'ImportSource' });
export type ImportSource = z.infer<typeof importSourceSchema>;

export const importSourcesSchema = z
  .strictObject({
    sources: z.array(importSourceSchema).max(maxImportSources),
    complete: z.boolean().meta({ description: 'false: there are more than were looked at' }),
  })
  .meta({ id: 'ImportSources' });
export type ImportSources = z.infer<typeof importSourcesSchema>;
