/** One line of a stream that says little. */
import { once } from 'node:events';
import { Fault } from '#lib';

/** What came before the first line end, or until the stream ended. Faults: `timeout`; `too-large`; those of the stream. */
export async function readLine(
  stream: NodeJS.ReadableStream,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  const stopped = once(signal, 'abort').then(() =>
    Promise.reject(new Fault('timeout', 'no answer')),
  );
  stopped.catch(() => undefined);
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await Promise.race([chunks.next(), stopped]);
    if (done === true) break;
    const chunk = Buffer.from(value);
    parts.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Fault('too-large', `a line of more than ${maxBytes} bytes`);
    if (chunk.includes(10)) break;
  }
  return Buffer.concat(parts).toString('utf8').split('\n', 1)[0] ?? '';
}
