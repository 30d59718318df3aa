/**
 * The log of a vm's process: what it writes to standard error. The process holds it open for appending,
 * so it is shortened in place.
 */
import { open, readFile, rm, stat, truncate } from 'node:fs/promises';

const maxLogBytes = 1024 * 1024;
const keptBytes = 64 * 1024;
const shownBytes = 4 * 1024;

/** Keeps the end of a log that has grown too long. What is written meanwhile may be lost. */
export async function shortenLog(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || stats.size <= maxLogBytes) return;
  const end = await readEnd(path, keptBytes);
  await truncate(path, 0);
  const handle = await open(path, 'a');
  try {
    await handle.write(`(shortened)\n${end}`);
  } finally {
    await handle.close();
  }
}

/** Begins anew for a new process; what the last one wrote is kept as `.1`. */
export async function rotateLog(path: string): Promise<void> {
  const end = await readEnd(path, keptBytes);
  if (end === '') return;
  const handle = await open(`${path}.1`, 'w', 0o600);
  try {
    await handle.write(end);
  } finally {
    await handle.close();
  }
  await rm(path, { force: true });
}

/** The last lines, printable, at most 4 KiB; empty where there is no log. */
export async function lastLines(path: string): Promise<string> {
  const text = await readEnd(path, shownBytes);
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f]/g, ' ').trim();
}

async function readEnd(path: string, bytes: number): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return '';
  if (stats.size <= bytes) return readFile(path, 'utf8');
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, stats.size - bytes);
    const text = buffer.toString('utf8', 0, bytesRead);
    return text.slice(text.indexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}
