/**
 * Running a tool of the machine: argv in, no shell in between, output bounded, cancelled by signal. The
 * environment is fixed (locale, time zone, SOURCE_DATE_EPOCH), so that the same inputs give the same bytes.
 */
import { spawn } from 'node:child_process';
import { abortReason, Fault } from '#lib';
import { imageEpochS } from './version.ts';

/** Standard output beyond this is a fault: no tool here has that much to say. */
const maxOutputBytes = 64 * 1024 * 1024;
/** Of standard error only the end is kept. */
const maxErrorBytes = 4096;

export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Added to the fixed environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Written to the tool's standard input. */
  readonly input?: Uint8Array | undefined;
}

/** Standard output of the tool. Errors: `unsupported` when it is not installed, `internal` when it fails. */
export async function runTool(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<Buffer> {
  const [command, ...rest] = argv;
  if (options.signal?.aborted) throw abortReason(options.signal);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = spawn(command, rest, {
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
    env: {
      PATH: toolPath(),
      HOME: process.env['HOME'] ?? '/',
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      SOURCE_DATE_EPOCH: String(imageEpochS),
      ...proxyEnvironment(),
      ...options.env,
    },
  });
  const output: Buffer[] = [];
  let outputBytes = 0;
  let errorText = '';
  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes > maxOutputBytes) child.kill('SIGKILL');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errorText = (errorText + chunk.toString('utf8')).slice(-maxErrorBytes);
  });
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (options.signal?.aborted) reject(abortReason(options.signal));
    else if (error.code === 'ENOENT') reject(missingTool(command));
    else reject(new Fault('internal', `cannot run ${command}`, { cause: error }));
  });
  child.on('close', (status) => {
    if (status === 0) resolve(Buffer.concat(output));
    else reject(new Fault('internal', `${command} failed: ${lastLines(errorText)}`));
  });
  // A tool that ends without reading its input is judged by its status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  return await promise;
}

/** Where programs are looked for: an ordinary user's path often lacks the sbin folders. */
export function toolPath(): string {
  return `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
}

function missingTool(command: string): Fault {
  return new Fault('unsupported', `${command} is not installed on this machine`, {
    hint: 'install the packages that `node images/build.ts packages` lists',
    facts: { command },
  });
}

/** Downloads go the way the user's other downloads go. */
function proxyEnvironment(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  const entries = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => !!entry[1]));
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-4);
  return lines.join(' / ') || 'no message';
}
