/** What comes in pieces becomes a new file of this machine. */
import { open, rm } from 'node:fs/promises';
import { Fault } from '#lib';

/** Answers its size in bytes. Faults: `exists` for a file that is there; nothing half is left. */
export async function writeNewFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  const file = await open(path, 'wx').catch((cause: unknown) => {
    throw new Fault('exists', `cannot write ${path}`, { cause, hint: 'choose another with --to' });
  });
  let sizeBytes = 0;
  try {
    for await (const chunk of content) {
      await file.writeFile(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return sizeBytes;
}
