/** The process that speaks with hypervisors, as somebody who wants to end it finds it. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';

/** Of the coordinator, which runs in this process where no other one is named. */
export async function findForeignProcess(coordinator: number = process.pid): Promise<number> {
  for (const { pid, command, parent } of await listProcesses())
    if (parent === coordinator && command.includes('foreign-main')) return pid;
  return assert.fail('there is no such process');
}

interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** With its arguments. */
  readonly command: string;
}

/** All of this machine; one that ends meanwhile has no command. */
export async function listProcesses(): Promise<readonly SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string): Promise<string> =>
        readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const parent = Number((await read('stat')).split(') ')[1]?.split(' ')[1]);
      return {
        pid: Number(pid),
        parent,
        command: (await read('cmdline')).replaceAll('\0', ' ').trim(),
      };
    }),
  );
}
