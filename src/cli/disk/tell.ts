/** How a verb on a disk tells its result: one sentence to people, the values to programs. */
import type { Run } from '../command.ts';

export function tell(
  { out, format }: Pick<Run, 'out' | 'format'>,
  thing: object,
  text: string,
): void {
  if (format === 'json') out.line(JSON.stringify(thing, null, 2));
  else if (format === 'yaml') out.yaml(thing);
  else out.line(text);
}

/** An array of JSON whose items come one by one, so that it may be longer than memory. */
export async function streamJson(
  { out }: Pick<Run, 'out'>,
  items: AsyncIterable<object>,
): Promise<number> {
  let count = 0;
  for await (const item of items) {
    out.line(`${count === 0 ? '[' : ','}${JSON.stringify(item)}`);
    count += 1;
  }
  out.line(count === 0 ? '[]' : ']');
  return count;
}
