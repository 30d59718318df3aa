/** A reporter of node:test that writes the counts, the failures and the reasons of skips as one JSON document. */
import type { TestEvent } from 'node:test/reporters';

export interface Counted {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
}

async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = [];
  const skips: string[] = [];
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
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
  } satisfies Counted);
}

// node:test takes a reporter as the default export of a module
// oxlint-disable-next-line import/no-default-export
export default report;
