/** What a process that serves disks is told. Apart from what makes it (plan.ts), which brings the whole contract along. */
import { z } from 'zod';

const number = z.number().int().min(0);

export const servedPlanSchema = z.strictObject({
  /** Undefined: as the process that starts it. */
  account: z.strictObject({ uid: number, gid: number, groups: z.array(number).max(64) }).optional(),
  /** Folders in which parents may lie. */
  folders: z.array(z.string().max(4096)).max(256),
  disks: z
    .array(
      z.strictObject({
        /** Of the export. */
        name: z.string().max(64),
        path: z.string().max(4096),
        format: z.string().max(32),
        /**
         * `when-written`: something lies on it, and it is opened for writing by the first write, that of a merge.
         * `incoming`: a copy is made into it (incoming.ts).
         */
        access: z.enum(['read', 'write', 'when-written', 'incoming']),
      }),
    )
    .max(64),
});
export type ServedPlan = z.infer<typeof servedPlanSchema>;
export type ServedEntry = ServedPlan['disks'][number];

/** Of a plan as one line, at the socket where it is told. */
export const maxPlanBytes = 1_048_576;
