/** A reporter of node:test that writes what came of each test file as JSON: counts, failures, reasons of skips, time. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export interface FileCount {
  passed: number;
  /** Where each failed test stands, and its title. */
  readonly failures: string[];
  /** The same of those that were skipped, with the reason. */
  readonly skips: string[];
  tookMs: number;
  /** Where each of the tests stands that took longer than `longTestMs`, its title, and how long it took. */
  readonly long: { readonly place: string; readonly tookMs: number }[];
}

const longTestMs = 3_000;

/** By the path of the file that was run, from the folder it was run in. */
export type Counted = Readonly<Record<string, FileCount>>;

async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: Record<string, FileCount> = {};
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A test may stand in another file than the one that was run.
    const { entryFile = data.file ?? '' } = data as { readonly entryFile?: string };
    const count = (files[relative(process.cwd(), entryFile)] ??= {
      passed: 0,
      failures: [],
      skips: [],
      tookMs: 0,
      long: [],
    });
    if (data.nesting === 0) count.tookMs += data.details.duration_ms;
    if (data.details.type === 'suite') continue;
    const place = `${data.file ?? ''}: ${data.name}`;
    const { duration_ms: tookMs } = data.details;
    if (tookMs > longTestMs) count.long.push({ place, tookMs });
    if (data.skip !== undefined && data.skip !== false)
      count.skips.push(`${place}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`);
    else if (type === 'test:pass') count.passed += 1;
    else count.failures.push(place);
  }
  yield JSON.stringify(files satisfies Counted);
}

// node:test takes a reporter as the default export of a module
// oxlint-disable-next-line import/no-default-export
export default report;
