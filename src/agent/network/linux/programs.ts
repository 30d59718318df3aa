/** The programs that networks are made with, and the one way to run them: argument lists, no shell, bounded. */
import { Fault } from '#lib';
import { runProgram } from '#qemu';
import { findProgram } from '../../drivers/qemu/host/programs.ts';

const names = [
  'ip',
  'bridge',
  'tc',
  'nft',
  'dnsmasq',
  'unshare',
  'nsenter',
  'setpriv',
  'cp',
] as const;
type ProgramName = (typeof names)[number];
export type Programs = Readonly<Record<ProgramName, string>>;

/** Debian packages, where they are not called like the program. */
const packages: Readonly<Partial<Record<ProgramName, string>>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  bridge: 'iproute2',
  nft: 'nftables',
  cp: 'coreutils',
  dnsmasq: 'dnsmasq-base',
};

const limitMs = 20_000;
/** What `ip` says of thousands of interfaces. */
const maxOutputBytes = 64 * 1024 * 1024;

/** The programs, or why networks cannot be made here. */
export async function findPrograms(): Promise<Programs | string> {
  if (process.getuid?.() !== 0) return 'the agent does not run as root';
  const found = await Promise.all(
    names.map(async (name) => [name, await findProgram(name)] as const),
  );
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const wanted = missing.map((name) => packages[name] ?? 'util-linux');
    return `${missing.join(', ')} not installed (${[...new Set(wanted)].join(', ')})`;
  }
  return Object.fromEntries(found) as unknown as Programs;
}

/** Standard output. Errors: `unavailable` with what the program said. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const result = await runProgram(program, args, { timeoutMs: limitMs, maxOutputBytes });
  if (result.end === 'exited' && result.code === 0 && !result.truncated) return result.stdout;
  const said = result.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  const call = [program.slice(program.lastIndexOf('/') + 1), ...args].join(' ').slice(0, 200);
  throw new Fault('unavailable', `${call}: ${said === '' ? result.end : said}`);
}
