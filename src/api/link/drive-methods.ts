/** What an agent is asked about drives of its host, and about disks that get a child or give it up. */
import { z } from 'zod';
import { causeSchema } from './cause.ts';
import { diskAnswers } from '../disk-work.ts';
import { idSchema } from '../ids.ts';
import { diskSchema } from '../vm/hardware.ts';

const child = z.strictObject({
  id: idSchema,
  generation: z.number().int().min(0),
  cause: causeSchema,
  /** As the vm has it. */
  parent: diskSchema,
  /** At the same place, in the folder of the vm; as it will have it. */
  child: diskSchema,
});

export const driveMethods = {
  /** Errors: `not-found`, `invalid` for anything but an entire drive. */
  'host.drive': {
    params: z.strictObject({ device: z.string().max(256) }),
    result: z.strictObject({
      sizeBytes: z.number().int().min(0),
      /** A name of it that stays its own, where there is one. */
      path: z.string().max(256),
      /** WWN or serial number; empty where it tells none. */
      identity: z.string().max(200),
      /** What of the host uses it, in words; null: nothing. */
      usedBy: z.string().max(1024).nullable(),
      /** Nobody can write it. */
      readOnly: z.boolean(),
    }),
  },
  /** Makes the child and gives it to the machine in the place of its parent. Asked for again it is there. */
  'machine.disk.put-child': { params: child, result: diskAnswers['create-child'] },
  /** The other way round; the child goes. */
  'machine.disk.drop-child': { params: child, result: z.strictObject({}) },
} as const;
