import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { silentLog } from '#log';
import { systemClock, type Clock } from '#lib';
import { fileName, readBackwards, verifyFiles } from './files.ts';
import { listAudit } from './list.ts';
import { AuditTrail, type NewEntry } from './trail.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gaudit-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

const entry = (patch: Partial<NewEntry> = {}): NewEntry => ({
  user: 'ada',
  means: 'session',
  origin: '192.0.2.7',
  method: 'POST',
  route: 'vm.action',
  object: 'vm 1',
  status: 202,
  code: null,
  correlationId: 'c',
  ...patch,
});

const query = { limit: 100 } as const;

void test('SEC-73 entries are read back newest first, page by page, filtered and in their time', async (t) => {
  const dir = await folder(t);
  let now = Date.parse('2026-03-30T00:00:00Z');
  const clock: Clock = { ...systemClock, now: () => now };
  await using trail = await AuditTrail.open(dir, clock, silentLog);
  for (let day = 0; day < 5; day += 1) {
    for (let i = 0; i < 400; i += 1)
      trail.append(
        entry({ correlationId: `${day}-${i}`, user: i % 2 ? 'ada' : 'bob' }),
        'within-a-second',
      );
    now += 86_400_000;
  }
  await trail.flush();
  assert.deepEqual((await readdir(dir)).sort(), ['2026-03.jsonl', '2026-04.jsonl']);
  assert.equal((await stat(join(dir, '2026-03.jsonl'))).mode & 0o777, 0o600);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listAudit(dir, { limit: 333, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map((item) => item.correlationId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  assert.equal(seen.length, 2000);
  assert.deepEqual([seen[0], seen.at(-1)], ['4-399', '0-0']);
  const ofBob = await listAudit(dir, { limit: 1000, filter: 'user = bob' });
  assert.ok(ofBob.items.length === 1000 && ofBob.items.every((item) => item.user === 'bob'));
  const day1 = await listAudit(dir, {
    limit: 1000,
    since: '2026-03-31T00:00:00Z',
    until: '2026-04-01T00:00:00Z',
  });
  assert.equal(day1.items.length, 400);
  assert.ok(day1.items.every((item) => item.correlationId.startsWith('1-')));
  await assert.rejects(listAudit(dir, { limit: 1, cursor: 'x' }), { code: 'invalid' });
});

void test('a change, a missing line, an added line and a swap of two are each found by the check', async (t) => {
  const dir = await folder(t);
  await using trail = await AuditTrail.open(dir, systemClock, silentLog);
  for (let i = 0; i < 20; i += 1) trail.append(entry({ correlationId: String(i) }), 'at-once');
  const path = join(dir, fileName(Date.now()));
  const good = (await readFile(path, 'utf8')).trimEnd().split('\n');
  assert.deepEqual((await verifyFiles(dir)).problems, []);
  const [a = '', b = ''] = [good[7], good[8]];
  for (const [what, lines] of [
    ['changed', good.with(7, a.replace('ada', 'eve'))],
    ['missing', good.toSpliced(7, 1)],
    ['added', good.toSpliced(7, 0, a)],
    ['swapped', good.with(7, b).with(8, a)],
    ['nonsense', good.with(7, 'x')],
  ] as const) {
    await writeFile(path, `${lines.join('\n')}\n`);
    assert.ok((await verifyFiles(dir)).problems.length > 0, what);
  }
});

void test('the chain goes on over restarts, months and a line that a crash has torn', async (t) => {
  const dir = await folder(t);
  let now = Date.parse('2026-01-31T23:59:59Z');
  const clock: Clock = { ...systemClock, now: () => now };
  for (let i = 0; i < 6; i += 1) {
    await using trail = await AuditTrail.open(dir, clock, silentLog);
    trail.append(entry({ correlationId: String(i) }), 'within-a-second');
    now += 20 * 86_400_000;
    if (i === 3) {
      await trail.flush();
      const last = (await readdir(dir)).sort().at(-1) ?? '';
      await appendFile(join(dir, last), '{"seq":5,"time":"2026');
    }
  }
  const { lines, problems } = await verifyFiles(dir);
  assert.deepEqual([lines, problems], [6, []]);
  const { items } = await listAudit(dir, query);
  assert.deepEqual(
    items.map((item) => item.seq),
    [6, 5, 4, 3, 2, 1],
  );
});

void test('old months are deleted, and what is kept still verifies', async (t) => {
  const dir = await folder(t);
  let now = Date.parse('2026-01-15T00:00:00Z');
  const clock: Clock = { ...systemClock, now: () => now };
  await using trail = await AuditTrail.open(dir, clock, silentLog);
  for (let month = 0; month < 4; month += 1) {
    trail.append(entry(), 'at-once');
    now += 30 * 86_400_000;
  }
  await trail.forgetBefore(Date.parse('2026-03-01T00:00:00Z'));
  assert.deepEqual((await readdir(dir)).sort(), ['2026-03.jsonl', '2026-04.jsonl']);
  assert.deepEqual((await verifyFiles(dir)).problems, []);
});

void test('a program that is killed loses no line of a request that changed something', async (t) => {
  const dir = await folder(t);
  const source = `
    import { AuditTrail } from ${JSON.stringify(join(import.meta.dirname, 'trail.ts'))};
    import { systemClock } from '#lib';
    import { silentLog } from '#log';
    const trail = await AuditTrail.open(process.argv[1], systemClock, silentLog);
    const entry = ${JSON.stringify(entry())};
    for (let i = 1; ; i += 1) {
      trail.append({ ...entry, correlationId: String(i) }, 'at-once');
      process.stdout.write(i + '\\n');
      if (i % 50 === 0) await new Promise(setImmediate);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, dir], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (told.length > 20_000) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  const last = Number(told.trimEnd().split('\n').at(-2));
  const { lines, problems } = await verifyFiles(dir);
  assert.ok(lines >= last && last > 1000, `${lines} lines, ${last} answered`);
  assert.deepEqual(problems, []);
});

void test('a disk that takes nothing stops nobody: lines wait, then are counted, and go on afterwards', async (t) => {
  const dir = await folder(t);
  await using trail = await AuditTrail.open(dir, systemClock, silentLog);
  const path = join(dir, fileName(Date.now()));
  // A folder in the place of the file: every attempt to open it fails.
  await rm(path, { force: true });
  const { mkdir, rmdir } = await import('node:fs/promises');
  await mkdir(path);
  for (let i = 0; i < 30_000; i += 1) trail.append(entry(), 'within-a-second');
  assert.ok(trail.isFailing);
  await rmdir(path);
  await trail.flush();
  assert.ok(!trail.isFailing);
  trail.append(entry(), 'at-once');
  const { lines, problems } = await verifyFiles(dir);
  assert.deepEqual(problems, []);
  const { items } = await listAudit(dir, query);
  assert.equal(lines + (items[0]?.unwritten ?? 0), 30_001);
  assert.ok((items[0]?.unwritten ?? 0) > 0);
});

void test('lines are read backwards whole, however chunks fall', async (t) => {
  const dir = await folder(t);
  const path = join(dir, 'x');
  const lines = Array.from({ length: 3000 }, (_, i) => `${i}${'é'.repeat(i % 97)}`);
  await writeFile(path, `${lines.join('\n')}\ntorn`);
  const read: string[] = [];
  for await (const { text } of readBackwards(path)) read.push(text);
  assert.deepEqual(read.reverse(), lines);
});
