/** What a change would do, as `dryRun` answers it for routes that begin an operation: everything was checked, nothing was changed. */
import { z } from 'zod';
import { thingSchema } from './ids.ts';
import { importedAdapterSchema, transferFindingSchema } from './vm/import.ts';
import { reasonSchema } from './vm/vm.ts';

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const settingChangeSchema = z
  .strictObject({
    path: z.string().meta({ description: 'path of the setting', examples: ['hardware/memory'] }),
    oldValue: value.meta({ description: 'null: no value' }),
    newValue: value.meta({ description: 'null: no value' }),
  })
  .meta({ id: 'SettingChange' });

export const dryRunSchema = z
  .strictObject({
    dryRun: z.literal(true),
    action: z.string().max(64).meta({ description: 'the operation that would begin' }),
    target: thingSchema.meta({
      description: 'on what; the id of a thing to be made is provisional',
    }),
    steps: z.array(z.string()).meta({ description: 'its steps, in order' }),
    changes: z.array(settingChangeSchema).meta({ description: 'settings that would change' }),
    warnings: z.array(reasonSchema).meta({ description: 'what does not stop it' }),
    adapters: z.array(importedAdapterSchema).max(32).optional().meta({
      description:
        'of a vm from another product: its adapters that are connected there, in the order in which networks are named for them',
    }),
    findings: z.array(transferFindingSchema).optional().meta({
      description: 'of a vm from another product, or for one: what becomes of each of its parts',
    }),
  })
  .meta({ id: 'DryRun', description: 'what the request would do without dryRun' });

export type DryRun = z.infer<typeof dryRunSchema>;
