/** An installation of its own for a test: real programs through `./gantry`, in a temporary folder, removed at the end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '#api';
import { findConnection, openClient } from '../../src/cli/connection.ts';
import { findInstallation, type Installation } from '../../src/cli/installation.ts';

const script = fileURLToPath(new URL('../../gantry', import.meta.url));
const maxOutputBytes = 4 * 1024 * 1024;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Gantry extends AsyncDisposable {
  readonly data: string;
  readonly listen: string;
  readonly installation: Installation;
  /** Runs `./gantry WORDS` for this installation, with input if given. */
  run(
    words: readonly string[],
    input?: string,
    /** Beside that of the test. */
    environment?: NodeJS.ProcessEnv,
  ): Promise<Ran>;
  /** As `run`; anything but exit code 0 is an error with what was printed. */
  must(...words: string[]): Promise<string>;
  /** `-o json`, parsed. */
  json<T>(...words: string[]): Promise<T>;
  client(): Client;
}

/** A port that is free now, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function runScript(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  input: string | undefined,
): Promise<Ran> {
  const child = spawn(script, words, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: environment,
  });
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (out.length < maxOutputBytes) out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (err.length < maxOutputBytes) err += text;
  });
  if (input !== undefined) child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, out, err };
}

export async function newGantry(): Promise<Gantry> {
  const data = mkdtempSync(join(tmpdir(), 'ge-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const installation = findInstallation(
    { data },
    { environment: {}, uid: process.getuid?.() ?? 0, home: tmpdir() },
  );
  const { GANTRY_DATA: _data, GANTRY_SERVER: _server, GANTRY_TOKEN: _token, ...rest } = process.env;
  const environment = { ...rest, GANTRY_DATA: data };
  const run = (
    words: readonly string[],
    input?: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<Ran> => runScript(words, { ...environment, ...more }, input);
  const must = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await run(words);
    if (code !== 0) throw new Error(`gantry ${words.join(' ')} ended with ${code}\n${out}\n${err}`);
    return out;
  };
  return {
    data,
    listen,
    installation,
    run,
    must,
    json: async <T>(...words: string[]) => JSON.parse(await must(...words, '-o', 'json')) as T,
    client: () => openClient(findConnection(installation, {})),
    async [Symbol.asyncDispose]() {
      await run(['uninstall', '--yes']);
      rmSync(data, { recursive: true, force: true });
      rmSync(installation.runtime, { recursive: true, force: true });
    },
  };
}
