/** `gantry web` as a program of its own, with no environment but what it is given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../gantry', import.meta.url));

export interface FrontEndProgram extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly address: string;
}

/** Serves when this is answered. Errors: with what it told, where it ended instead. */
export async function startFrontEnd(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<FrontEndProgram> {
  const { PATH } = process.env;
  const child = spawn(script, ['web', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, ...environment },
  });
  const ended = once(child, 'close');
  let told = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const hear = (text: string): void => {
    if (told.length < 100_000) told += text;
    const [, address] = / is at (https:\S+)/.exec(told) ?? [];
    if (address !== undefined) resolve(address);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
  void ended.then(() => reject(new Error(`gantry web ended: ${told}`)));
  const address = await promise;
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
