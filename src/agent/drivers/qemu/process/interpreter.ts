/**
 * What runs the file of a script (API-35): its first line or its own format, else its extension, else the shell of the
 * host. Names are looked for in the PATH that the script gets.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';

const headBytes = 256;
const shell = 'sh';
const byExtension: Readonly<Record<string, string>> = {
  '.sh': shell,
  '.py': 'python3',
  '.pl': 'perl',
  '.js': 'node',
  '.mjs': 'node',
  '.cjs': 'node',
  '.ts': 'node',
};

/** The words before the file in its command: none where the kernel knows how to run it, or cannot read it either. */
export async function chooseInterpreter(file: string): Promise<readonly string[]> {
  const head = await readHead(file);
  if (head === undefined || head.subarray(0, 2).toString('latin1') === '#!') return [];
  // Text has none: a program, whose format is the kernel's concern.
  if (head.includes(0)) return [];
  return [byExtension[extname(file).toLowerCase()] ?? shell];
}

async function readHead(file: string): Promise<Buffer | undefined> {
  try {
    // A pipe without a writer would hold the agent up.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return undefined;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
