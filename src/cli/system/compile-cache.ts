/**
 * Compiled sources of the programs, on the disk before a program starts. A program that finds one of its files
 * missing there loads the type stripper, and keeps it for as long as it runs: 18 MB, and once more in each thread.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { programEnvironment, programOptions, root, type Program } from './processes.ts';

const limitMs = 20_000;

/** What each program loads as a program or thread of its own. */
const entries: Readonly<Record<Program, readonly string[]>> = {
  coordinator: [
    'src/coordinator/main.ts',
    'src/coordinator/store/sqlite/writer.ts',
    'src/coordinator/store/sqlite/reader.ts',
  ],
  agent: ['src/agent/main.ts'],
};

/** The command that loads what the program is made of, whose environment says where that is kept. */
export function compileArguments(program: Program): readonly string[] {
  const files = ['src/cli/system/compile.ts', ...entries[program]].map((file) => join(root, file));
  return [process.execPath, ...programOptions, ...files];
}

/**
 * Compiles what is not compiled yet; ends early when the signal aborts. The program starts without it too, so
 * that no failure is told.
 */
export async function fillCompileCache(program: Program, signal?: AbortSignal): Promise<void> {
  const environment = programEnvironment();
  if (environment['NODE_COMPILE_CACHE'] === undefined) return;
  const [executable = '', ...args] = compileArguments(program);
  const child = spawn(executable, args, {
    stdio: 'ignore',
    cwd: '/',
    env: { ...process.env, ...environment },
    timeout: limitMs,
    signal,
  });
  await once(child, 'close').catch(() => undefined);
}
