/** Faults on the wire: problem details (RFC 9457) with our code, hint, facts and reasons. */
import { z } from 'zod';
import { faultCodes, type FaultCode } from '#lib';
import { reasonSchema } from './vm/vm.ts';

export const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: 'where the code is described' }),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(faultCodes) as [FaultCode, ...FaultCode[]]),
    detail: z.string(),
    hint: z.string().optional().meta({ description: 'the next step' }),
    facts: z.record(z.string(), z.unknown()).optional(),
    reasons: z.array(reasonSchema).optional(),
    correlationId: z.string().optional(),
    log: z
      .string()
      .optional()
      .meta({ description: 'path of the event log, filtered to what the request has caused' }),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;
