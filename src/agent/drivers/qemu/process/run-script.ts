/**
 * A program of the host that an event starts: under the account of a vm or of the host's scripts, which can gain no right, in a session of its
 * own without a terminal, and with nothing of the agent's in its environment. What it started in that session
 * ends with it, at the latest when its time is over.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { maxScriptOutputBytes } from '#api';
import { Fault } from '#lib';
import type { ScriptCall, ScriptEnd } from '../../driver.ts';
import { scriptAccountOf, type ScriptOwner } from '../confine/account-of.ts';
import { chooseInterpreter } from './interpreter.ts';
import { setprivArguments } from './spawn.ts';

/** To end in order, before it is ended by force. */
const graceMs = 2_000;
/** For what it has written to arrive; a process that left the session may hold its outputs open. */
const drainMs = 500;
/** What setpriv answers where there is nothing that it can run. */
const notRun = [126, 127];

/** `setpriv` is its absolute path (util-linux). Errors: `blocked` without an account; `unavailable` when it cannot be started. */
export async function runScript(
  owner: ScriptOwner,
  request: ScriptCall,
  setpriv: string | undefined,
  signal: AbortSignal,
): Promise<ScriptEnd> {
  const { file, timeoutMs } = request;
  const account = await scriptAccountOf(owner);
  if (setpriv === undefined)
    throw new Fault('unavailable', `cannot run ${file}: setpriv is not installed`, {
      hint: 'install the package util-linux',
    });
  const command = [...(await chooseInterpreter(file)), file, ...request.arguments];
  const args = [...setprivArguments(account), '--', ...command];
  const child = spawn(setpriv, args, {
    detached: true,
    cwd: '/',
    env: request.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new Fault('unavailable', `cannot start ${file}`, { cause });
  }
  // A script need not read what it is told.
  child.stdin.on('error', () => undefined).end(request.input);
  const outputs = [child.stdout, child.stderr].map(collect);
  const closed = once(child, 'close');
  let ended: string | undefined;
  const end = (why: string): void => {
    ended ??= why;
    signalSession(child, 'SIGTERM');
    setTimeout(() => signalSession(child, 'SIGKILL'), graceMs).unref();
  };
  const overTime = setTimeout(
    () => end(`it took longer than ${timeoutMs / 1000} s and was ended`),
    timeoutMs,
  );
  const onAbort = (): void => end('the agent stopped and ended it');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(overTime);
  signal.removeEventListener('abort', onAbort);
  signalSession(child, 'SIGKILL');
  const late = setTimeout(
    () => void [child.stdout, child.stderr].map((one) => one.destroy()),
    drainMs,
  );
  await closed;
  clearTimeout(late);
  const [output = '', errorOutput = ''] = outputs.map((read) => read());
  const failure = ended ?? failureOf(code, by, errorOutput);
  return { exitStatus: code, failure, output, errorOutput };
}

function failureOf(code: number | null, by: string | null, said: string): string | undefined {
  if (code === 0) return undefined;
  if (code === null) return `signal ${by}`;
  const cannotRun = notRun.includes(code) && said.startsWith('setpriv: ');
  return cannotRun ? said.slice('setpriv: '.length).trim().slice(0, 300) : `exit status ${code}`;
}

/** All that is left of its session's first group. */
function signalSession({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // There is nobody any more.
  }
}

/** Keeps the beginning and reads on, so that the writer never waits. */
function collect(stream: Readable): () => string {
  const kept: Buffer[] = [];
  let roomBytes = maxScriptOutputBytes;
  stream.on('data', (chunk: Buffer) => {
    if (roomBytes === 0) return;
    const part = chunk.subarray(0, roomBytes);
    kept.push(part);
    roomBytes -= part.length;
  });
  stream.on('error', () => undefined);
  return () => Buffer.concat(kept).toString('utf8');
}
