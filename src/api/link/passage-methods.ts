/**
 * A vm on its way from one libvirt connection to another, as it runs (docs/rfd/0032). The process beside the coordinator holds both,
 * so that the host that the vm leaves is asked for all of it.
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { startCheckSchema } from '../vm/vm.ts';
import { passageStorages } from '../vm/travel.ts';
import { causeSchema } from './cause.ts';
import { machineReportSchema } from './report.ts';

const passage = {
  id: idSchema,
  uuid: z.string().max(36).meta({ description: 'that its guest reads' }),
  generation: z.number().int().min(0),
  cause: causeSchema,
  to: idSchema.meta({ description: 'the other host' }),
  storage: z.enum(passageStorages),
  begun: z.enum(['no', 'maybe']).meta({ description: 'whether it was asked for before' }),
};

export const passageMethods = {
  /** What stands against it, on both hosts. */
  'machine.passage.plan': {
    params: z.strictObject({ id: idSchema, to: idSchema, storage: z.enum(passageStorages) }),
    result: startCheckSchema,
  },
  /**
   * Moves it, as it runs or is off; the vm is known by the same id there. Asked again it finds out where the vm is, and goes on from
   * there. A call that is cancelled leaves the vm where it was, or finds that it has gone. Errors: `not-found` where neither host has
   * it; `refused`, with the vm as it was; the hypervisors' own.
   */
  'machine.passage': { params: z.strictObject(passage), result: z.strictObject({}) },
  /** Where the vm is, when nothing moves it any more; what was left undone by a crash is mended first. */
  'machine.passage.settle': {
    params: z.strictObject(passage),
    result: z.strictObject({ where: z.enum(['here', 'there']) }),
  },
  /** To the host that has the vm now: how it is there. */
  'machine.passage.end': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({ report: machineReportSchema }),
  },
  /** Files of disks that were copied go, where a storage pool has them and no vm of this host uses them. */
  'machine.passage.clear': {
    params: z.strictObject({ files: z.array(z.string().max(1024)).max(64) }),
    result: z.strictObject({ deleted: z.array(z.string()) }),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
