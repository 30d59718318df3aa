/** Other people's programs as judges: virsh, and tshark with libvirt's dissector. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import { assert } from '#lib';
import { testNeeds } from '../../../src/cli/system/packages.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      env: { ...process.env, LC_ALL: 'C', ...environment },
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
    };
    execFile(program, [...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err: code === -1 ? `${error?.message ?? ''}\n${err}` : err });
    });
  });
}

/** Why a test must be skipped here: the first program that is missing; false when all are there. */
export async function whyNot(...programs: readonly string[]): Promise<string | false> {
  if (process.getuid?.() !== 0 && programs.includes('libvirtd')) return 'libvirtd wants root here';
  for (const program of programs) {
    const name = packageOf(program);
    if ((await findProgram(program)) === undefined) {
      return wantsPackage(name);
    }
  }
  return false;
}

/** As a reason to skip a test. */
export function wantsPackage(name: string): string {
  return `the package ${name} is not installed`;
}

/** Everything that tests ask for is in the list that `gantry test` installs. */
function packageOf(program: string): string {
  const need = testNeeds('nightly').find(({ shownBy }) => shownBy.includes(program));
  assert(need !== undefined, `${program} is not among the needs of the tests`);
  return need.package;
}

/** Its path, or that of a file which shows that something is there; undefined where it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = isAbsolute(name)
    ? ['/']
    : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** A port on 127.0.0.1 for a program that cannot choose one itself. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** virsh on one connection; every argument list is one command. */
export function virsh(uri: string, ...args: readonly string[]): Promise<Ran> {
  return run('virsh', ['-q', '-c', uri, ...args]);
}
