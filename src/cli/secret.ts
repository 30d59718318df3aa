/** Reading a secret: from the terminal without showing it, else the first line of standard input. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Fault } from '#lib';
import type { Writer } from './output/writer.ts';

const maxSecretLength = 1024;

export async function readSecret(out: Writer, prompt: string): Promise<string> {
  if (out.interactive) process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: out.interactive,
  });
  try {
    for await (const line of lines) {
      if (line.length > maxSecretLength)
        throw new Fault('too-large', `a secret has at most ${maxSecretLength} characters`);
      if (out.interactive) process.stderr.write('\n');
      return line;
    }
  } finally {
    lines.close();
  }
  throw new Fault('invalid', 'no secret was given', {
    hint: 'type it, or pass it on standard input',
  });
}
