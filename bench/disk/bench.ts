/**
 * The disk library beside qemu-img, in turn, on the same images, warm cache, medians. One command:
 *
 *   node bench/disk/bench.ts [--folder DIR] [--rounds N] [--rows TEXT,TEXT] [--least]
 *
 * `--least`: the least of the rounds in the place of their medians, for a machine whose memory is not equally fast at all times.
 * Only the rows whose titles contain one of the texts are shown.
 *
 * It makes a sparse image of 4 GiB with about 1.5 GiB of files of this machine and an incompressible one of 1 GiB,
 * prints a table in Markdown, and removes everything. Ours is the command as users run it, script and all, in the one file that
 * `up` puts it into, which is built first; and the same in a program that runs already, as an agent does it. Neither side waits for the volume (`--no-sync`), which is what qemu-img
 * does by itself. Seconds are of the wall; the processor's are given too, since they hold when the machine is busy.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '#lib';
import { ensureCommands } from '../../src/cli/system/command-build.ts';
import type { ResidentSpent } from './resident.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '' },
    least: { type: 'boolean', default: false },
  },
});
const script = join(import.meta.dirname, '../../gantry');
const texts = values.rows.split(',');

interface Spent {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memoryMiB: number;
}

/** Runs a program under time(1), which knows its processor time and its largest resident size. */
function spend(argv: readonly string[]): Promise<Spent> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn('/usr/bin/time', ['-f', '@%U %S %M', ...argv], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = (performance.now() - started) / 1000;
      const [user = 0, system = 0, kib = 0] = (errors.split('@').at(-1) ?? '')
        .split(' ')
        .map(Number);
      if (code === 0) resolve({ seconds, cpuSeconds: user + system, memoryMiB: kib / 1024 });
      else reject(new Fault('internal', `${argv.join(' ')} failed: ${errors}`));
    });
  });
}

/** A program that runs already, and how it ends where a command fails in it. */
interface Resident {
  readonly child: ChildProcess;
  readonly failed: Promise<never>;
}

function startResident(): Resident {
  const child = fork(join(import.meta.dirname, 'resident.ts'));
  const failed = once(child, 'exit').then(() => {
    throw new Fault('internal', 'the program in which commands are measured has ended');
  });
  failed.catch(() => undefined);
  return { child, failed };
}

async function spendInside(
  { child, failed }: Resident,
  argv: readonly string[],
): Promise<ResidentSpent> {
  const answer = once(child, 'message');
  child.send(argv);
  const [spent] = (await Promise.race([answer, failed])) as [ResidentSpent];
  return spent;
}

interface Row {
  readonly title: string;
  /** Removed before each run. */
  readonly targets: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** The median of the rounds, or the least. */
const choose = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[values.least ? 0 : Math.floor(numbers.length / 2)] ??
  Number.NaN;

/** Slow rows get fewer rounds: what is slow is also steady. */
async function measureRow(row: Row, rounds: number, resident: Resident): Promise<string> {
  const ours: Spent[] = [];
  const theirs: Spent[] = [];
  const running: ResidentSpent[] = [];
  const prepare = async (): Promise<void> => {
    for (const target of row.targets) await rm(target, { force: true });
    await spend(['sync']);
  };
  for (let round = 0; round < rounds; round += 1) {
    await prepare();
    theirs.push(await spend(row.theirs));
    await prepare();
    running.push(await spendInside(resident, row.ours.slice(1)));
    await prepare();
    ours.push(await spend(row.ours));
    if (round === 0 && (theirs[0]?.seconds ?? 0) > 10) break;
  }
  const of = <Key extends string>(spent: readonly Record<Key, number>[], key: Key): number =>
    choose(spent.map((one) => one[key]));
  const cells = [
    of(theirs, 'seconds').toFixed(2),
    of(ours, 'seconds').toFixed(2),
    (of(ours, 'seconds') / of(theirs, 'seconds')).toFixed(2),
    of(running, 'seconds').toFixed(3),
    (of(running, 'seconds') / of(theirs, 'seconds')).toFixed(2),
    of(theirs, 'cpuSeconds').toFixed(2),
    of(ours, 'cpuSeconds').toFixed(2),
    of(theirs, 'memoryMiB').toFixed(0),
    of(ours, 'memoryMiB').toFixed(0),
  ];
  return `| ${row.title} | ${cells.join(' | ')} |`;
}

interface Target {
  readonly title: string;
  readonly file: string;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

const targets: readonly Target[] = [
  { title: 'raw', file: 'r.raw', theirs: ['-O', 'raw'], ours: [] },
  {
    title: 'VHD dynamic',
    file: 'd.vhd',
    theirs: ['-O', 'vpc', '-o', 'force_size=on'],
    ours: [],
  },
  {
    title: 'VHD fixed',
    file: 'f.vhd',
    theirs: ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on'],
    ours: ['--type', 'fixed'],
  },
  { title: 'VHDX', file: 'x.vhdx', theirs: ['-O', 'vhdx'], ours: [] },
  { title: 'QCOW2', file: 'p.qcow2', theirs: ['-O', 'qcow2'], ours: [] },
  { title: 'VMDK sparse', file: 'm.vmdk', theirs: ['-O', 'vmdk'], ours: [] },
  {
    title: 'QCOW2 zlib',
    file: 'z.qcow2',
    theirs: ['-O', 'qcow2', '-c'],
    ours: ['--compress', 'zlib'],
  },
  {
    title: 'QCOW2 zstd',
    file: 's.qcow2',
    theirs: ['-O', 'qcow2', '-c', '-o', 'compression_type=zstd'],
    ours: ['--compress', 'zstd'],
  },
  {
    title: 'VMDK stream',
    file: 'o.vmdk',
    theirs: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'],
    ours: ['--type', 'streamOptimized'],
  },
];

function rowsFor(folder: string, image: string): Row[] {
  const source = join(folder, `${image}.raw`);
  const rows: Row[] = [];
  const disk = (...argv: readonly string[]): string[] => [script, 'disk', ...argv];
  const convert = (...argv: readonly string[]): string[] => disk('convert', '--no-sync', ...argv);
  for (const { title, file, theirs, ours } of targets) {
    const out = join(folder, `${image}-out.${file}`);
    rows.push({
      title: `${image}: raw → ${title}`,
      targets: [out],
      theirs: ['qemu-img', 'convert', '-f', 'raw', ...theirs, source, out],
      ours: convert('--format', 'raw', source, out, ...ours),
    });
    if (title === 'raw') continue;
    const back = join(folder, `${image}-back.raw`);
    rows.push({
      title: `${image}: ${title} → raw`,
      targets: [back],
      theirs: ['qemu-img', 'convert', '-O', 'raw', out, back],
      ours: convert(out, back),
    });
  }
  for (const [title, file] of [
    ['VHD dynamic', 'd.vhd'],
    ['QCOW2', 'p.qcow2'],
  ] as const) {
    const out = join(folder, `${image}-out.${file}`);
    rows.push({
      title: `${image}: compare raw with ${title}`,
      targets: [],
      theirs: ['qemu-img', 'compare', source, out],
      ours: disk('compare', source, out),
    });
  }
  const qcow2 = join(folder, `${image}-out.p.qcow2`);
  rows.push(
    {
      title: `${image}: check QCOW2`,
      targets: [],
      theirs: ['qemu-img', 'check', qcow2],
      ours: disk('check', qcow2),
    },
    {
      title: `${image}: map QCOW2`,
      targets: [],
      theirs: ['qemu-img', 'map', '--output=json', qcow2],
      ours: disk('map', '-o', 'json', qcow2),
    },
    {
      title: `${image}: map raw`,
      targets: [],
      theirs: ['qemu-img', 'map', '--output=json', '-f', 'raw', source],
      ours: disk('map', '-o', 'json', '--format', 'raw', source),
    },
  );
  return rows;
}

/** A file system of 4 GiB with files of this machine in it, about 1.5 GiB of them. */
async function makeFiles(folder: string): Promise<void> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  let bytes = 0;
  for (const name of [
    '/usr/share',
    '/usr/bin',
    '/usr/lib/jvm',
    '/usr/lib/gcc',
    '/usr/lib/chromium',
  ]) {
    if (bytes > 1.5e9 || (await stat(name).catch(() => undefined)) === undefined) continue;
    const into = join(tree, name.slice(1).replaceAll('/', '-'));
    await cp(name, into, { recursive: true, verbatimSymlinks: true }).catch(() => undefined);
    bytes = await sizeOf(tree);
  }
  const image = join(folder, 'files.raw');
  await (await open(image, 'w')).close();
  await truncate(image, 4 * 1024 ** 3);
  await spend(['mke2fs', '-q', '-t', 'ext4', '-d', tree, image]);
  await rm(tree, { recursive: true, force: true });
}

function sizeOf(folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('du', ['-sb', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(Number.parseInt(output, 10)));
  });
}

async function makeNoise(folder: string): Promise<void> {
  const handle = await open(join(folder, 'noise.raw'), 'w');
  const bytes = Buffer.alloc(16 * 1024 ** 2);
  for (let done = 0; done < 1024 ** 3; done += bytes.length) {
    randomFillSync(bytes);
    await handle.write(bytes);
  }
  await handle.close();
}

const folder = await mkdtemp(join(values.folder, 'gb-'));
const resident = startResident();
try {
  await ensureCommands(AbortSignal.timeout(120_000));
  await spend([script, 'disk', '--help']); // so that what was compiled is kept
  await makeFiles(folder);
  await makeNoise(folder);
  const head = ['row', 'qemu-img s', 'gantry s', 'ratio', 'in a program s', 'ratio'];
  const lines = [...head, 'qemu cpu s', 'gantry cpu s', 'qemu MiB', 'gantry MiB'];
  process.stdout.write(`| ${lines.join(' | ')} |\n|${lines.map(() => '---').join('|')}|\n`);
  for (const image of ['files', 'noise']) {
    const source = join(folder, `${image}.raw`);
    await spend(['cat', source]);
    const copy = await spend(['cp', '--sparse=auto', source, join(folder, 'copy')]);
    await rm(join(folder, 'copy'));
    process.stdout.write(
      `| ${image}: cp --sparse=auto | ${copy.seconds.toFixed(2)} | | | | | | | | |\n`,
    );
    const rows = rowsFor(folder, image);
    const isWanted = (row: Row): boolean => texts.some((text) => row.title.includes(text));
    for (const row of rows) {
      // a row that was not asked for may still make what a later one reads
      const isNeeded = rows.some(
        (other) =>
          isWanted(other) &&
          other.ours.some((word) => row.targets.includes(word) && !other.targets.includes(word)),
      );
      if (!isWanted(row) && !isNeeded) continue;
      const line = await measureRow(row, isWanted(row) ? Number(values.rounds) : 1, resident);
      if (isWanted(row)) process.stdout.write(`${line}\n`);
    }
  }
} finally {
  resident.child.kill();
  await rm(folder, { recursive: true, force: true });
}
