/** What `vm check` says: whether a vm could start, and everything that speaks against it. */
import type { StartCheck } from '#api';
import { writeList, writeThing } from '../output/render.ts';
import type { OutputFormat, Writer } from '../output/writer.ts';

export function writeStartCheck(out: Writer, format: OutputFormat, check: StartCheck): void {
  if (format === 'json' || format === 'yaml') return writeThing(out, format, check, []);
  const found = [
    ...check.reasons.map((reason) => ({ ...reason, kind: 'reason' })),
    ...check.warnings.map((reason) => ({ ...reason, kind: 'warning' })),
  ];
  if (format === 'csv') {
    const columns = [
      { title: 'KIND', value: (entry: (typeof found)[number]) => entry.kind },
      { title: 'CODE', value: (entry: (typeof found)[number]) => entry.code },
      { title: 'TEXT', value: (entry: (typeof found)[number]) => entry.text },
      { title: 'REMEDY', value: (entry: (typeof found)[number]) => entry.remedy ?? '' },
    ];
    return writeList(out, format, columns, found, 'it could start');
  }
  out.line(check.ok ? 'it could start' : 'it cannot start:');
  for (const { text, remedy } of found)
    out.line(`  ${text}${remedy === undefined ? '' : `; ${remedy}`}`);
}
