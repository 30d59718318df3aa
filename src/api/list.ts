/** Lists: the same six parameters everywhere, and pages with a cursor. */
import { z } from 'zod';
import { maxPage, type Page } from './page.ts';

export const listQuerySchema = z
  .strictObject({
    filter: z
      .string()
      .max(2000)
      .optional()
      .meta({
        description: 'for example: state = running AND host = h1',
        examples: ['state = running AND name : web'],
      }),
    sort: z
      .string()
      .max(200)
      .optional()
      .meta({
        description:
          'field names with commas; a hyphen in front turns one around; web-5 stands before web-13',
        examples: ['-createdAt,name'],
      }),
    fields: z
      .string()
      .max(1000)
      .optional()
      .meta({ description: 'the fields wanted, with commas; default: all' }),
    limit: z.coerce.number().int().min(1).max(maxPage).default(100),
    skip: z.coerce.number().int().min(0).max(1_000_000).optional().meta({
      description:
        'how many things to pass over first, for a window in the middle; to read all, use cursors',
    }),
    cursor: z.string().max(2000).optional().meta({
      description:
        "nextCursor of the page before; pages don't repeat or skip what was there throughout",
    }),
  })
  .meta({ id: 'ListQuery' });

export type ListQuery = z.infer<typeof listQuerySchema>;

export function pageSchema<T extends z.ZodType>(
  item: T,
  name: string,
): z.ZodType<Page<z.infer<T>>> {
  return z
    .strictObject({
      items: z.array(item),
      nextCursor: z.string().nullable().meta({ description: 'null at the end' }),
      total: z.number().int().meta({ description: 'how many match' }),
    })
    .meta({ id: `${name}Page` });
}

/** Changes may be tried without effect. */
export const dryRunQuerySchema = z.strictObject({
  dryRun: z.stringbool().default(false).meta({ description: 'check everything, change nothing' }),
});
