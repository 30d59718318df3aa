/**
 * `gantry test`: types, lint, format, then every suite. Each prints its own count; the last line is the
 * sum: `N passed, N failed`. A failure stops nothing that comes after it.
 *
 *   node tools/check.ts [--nightly] [SUITE...]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCommands } from '../src/cli/system/command-build.ts';
import type { Counted } from './count-reporter.ts';
import { nightlySuites, suites, type Suite } from './suites.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
/** A suite that takes longer says which files do. */
const longMs = 60_000;
const mostSlow = 15;
/** Where more files of a suite fail than this, it is not for want of time. */
const mostOnceMore = 5;

const checks = [
  { name: 'types', command: [bin('tsc')] },
  { name: 'types of the console', command: [bin('tsc'), '--project', 'src/console'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'format', command: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
] as const;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const environment = {
  ...process.env,
  PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`,
};

async function run(command: readonly string[]): Promise<boolean> {
  const [executable = '', ...args] = command;
  const stdio = ['ignore', 'inherit', 'inherit'] as const;
  const child = spawn(executable, args, { cwd: root, stdio: [...stdio], env: environment });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Undefined where it passes, else what it said. */
async function runQuietly(command: readonly string[]): Promise<string | undefined> {
  const [executable = '', ...args] = command;
  const child = spawn(executable, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? undefined : said;
}

interface Ran {
  readonly ok: boolean;
  readonly counted: Counted;
}

/** `files`: as node:test takes them, from the root. */
async function runFiles(
  files: readonly string[],
  { atOnce, hangLimitMs }: Pick<Suite, 'atOnce' | 'hangLimitMs'>,
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-check-'));
  const result = join(folder, 'counted.json');
  try {
    const ok = await run([
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${atOnce}`,
      `--test-timeout=${hangLimitMs}`,
      '--test-reporter=dot',
      '--test-reporter-destination=stdout',
      `--test-reporter=${new URL('count-reporter.ts', import.meta.url).href}`,
      `--test-reporter-destination=${result}`,
      ...files,
    ]);
    return { ok, counted: JSON.parse(readFileSync(result, 'utf8')) as Counted };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface SuiteRan {
  readonly counted: Counted;
  readonly failures: readonly string[];
  /** Failed beside other files, and passed alone. */
  readonly unsteady: readonly string[];
}

async function runSuite(suite: Suite): Promise<SuiteRan> {
  const files = suite.files.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
  if (files.length === 0) return { counted: {}, failures: [], unsteady: [] };
  const failuresIn = (counted: Counted): string[] =>
    Object.values(counted).flatMap(({ failures }) => failures);
  const first = await runFiles(files, suite);
  const failed = files.filter((file) => (first.counted[file]?.failures.length ?? 0) > 0);
  if (!suite.failedOnceMore || failed.length === 0 || failed.length > mostOnceMore) {
    const failures = failuresIn(first.counted);
    const told = first.ok || failures.length > 0 ? failures : [`${suite.name}: the runner failed`];
    return { counted: first.counted, failures: told, unsteady: [] };
  }
  say(`${suite.name}: once more, alone: ${failed.join(', ')}`);
  const second = await runFiles(failed, { ...suite, atOnce: 1 });
  const counted = { ...first.counted, ...second.counted };
  const failures = failuresIn(counted);
  const unsteady = failuresIn(first.counted).filter((failure) => !failures.includes(failure));
  return { counted, failures, unsteady };
}

function slowest<T extends { readonly tookMs: number }>(all: readonly T[]): readonly T[] {
  return all.toSorted((one, other) => other.tookMs - one.tookMs).slice(0, mostSlow);
}

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((word) => !word.startsWith('--'));
  const all = args.includes('--nightly') ? [...suites, ...nightlySuites] : suites;
  const unknown = names.find((name) => ![...all, ...checks].some((entry) => entry.name === name));
  if (unknown !== undefined) {
    say(
      `there is no suite "${unknown}"; suites: ${[...checks, ...all].map((entry) => entry.name).join(', ')}`,
    );
    return 2;
  }
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  let passed = 0;
  let failed = 0;
  const failures: string[] = [];
  // Side by side, since one of them keeps to one processor.
  const checking = checks
    .filter((entry) => wanted(entry.name))
    .map(async ({ name, command }) => ({ name, complaint: await runQuietly(command) }));
  for (const { name, complaint } of await Promise.all(checking)) {
    say(`${complaint ?? ''}${name}: ${complaint === undefined ? 'ok' : 'FAILED'}`);
    if (complaint === undefined) passed += 1;
    else {
      failed += 1;
      failures.push(name);
    }
  }
  // Tests run commands by the hundred.
  await ensureCommands(AbortSignal.timeout(60_000));
  for (const suite of all.filter((entry) => wanted(entry.name))) {
    const started = performance.now();
    const ran = await runSuite(suite);
    const tookMs = performance.now() - started;
    const seconds = (tookMs / 1000).toFixed(1);
    const files = Object.entries(ran.counted);
    const passedHere = files.reduce((sum, [, count]) => sum + count.passed, 0);
    const skips = files.flatMap(([, count]) => count.skips);
    say(
      `${suite.name}: passed ${passedHere}, failed ${ran.failures.length}, skipped ${skips.length} in ${seconds} s`,
    );
    for (const skip of skips) say(`  skipped: ${skip}`);
    for (const failure of ran.unsteady)
      say(`  unsteady, failed beside other files and passed alone: ${failure}`);
    if (tookMs > longMs) {
      const slowFiles = files.map(([place, count]) => ({ place, tookMs: count.tookMs }));
      const slowTests = files.flatMap(([, { long }]) => long);
      for (const { place, tookMs: took } of [...slowest(slowFiles), ...slowest(slowTests)])
        say(`  slow: ${place} (${Math.round(took / 1000)} s)`);
    }
    passed += passedHere;
    failed += ran.failures.length;
    failures.push(...ran.failures);
  }
  for (const failure of failures) say(`failed: ${failure}`);
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
