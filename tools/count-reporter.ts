/** A reporter of node:test that writes the counts, the failures, the reasons of skips and the slowest files as JSON. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export interface Counted {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
  /** Files whose tests took longest, with the seconds, longest first. */
  readonly slowest: readonly (readonly [file: string, seconds: number])[];
}

const mostSlow = 5;

async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = [];
  const skips: string[] = [];
  let passed = 0;
  let failed = 0;
  const tookMs = new Map<string, number>();
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.nesting === 0 && data.file !== undefined)
      tookMs.set(data.file, (tookMs.get(data.file) ?? 0) + data.details.duration_ms);
    if (data.details.type === 'suite') continue;
    const place = `${data.file ?? ''}: ${data.name}`;
    if (data.skip !== undefined && data.skip !== false)
      skips.push(`${place}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`);
    else if (type === 'test:pass') passed += 1;
    else {
      failed += 1;
      failures.push(place);
    }
  }
  yield JSON.stringify({
    passed,
    failed,
    skipped: skips.length,
    failures,
    skips,
    slowest: [...tookMs]
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, mostSlow)
      .map(([file, ms]) => [relative(process.cwd(), file), Math.round(ms / 1000)]),
  } satisfies Counted);
}

// node:test takes a reporter as the default export of a module
// oxlint-disable-next-line import/no-default-export
export default report;
