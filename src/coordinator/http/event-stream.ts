/**
 * Server-sent events (WHATWG HTML 9.2). A comment every 15 seconds keeps the connection alive. A listener
 * that falls behind (1 MiB not taken) is disconnected, never skipped: it resumes with Last-Event-ID.
 */
import type { ServerResponse } from 'node:http';
import type { Log } from '#log';
import type { StreamMessage } from './route-handler.ts';

const heartbeatMs = 15_000;
const maxUnsentBytes = 1024 * 1024;

export function writeStreamMessage({ event, id, data }: StreamMessage): string {
  const lines: string[] = [];
  if (event !== undefined) lines.push(`event: ${event}`);
  if (id !== undefined) lines.push(`id: ${id}`);
  lines.push(`data: ${JSON.stringify(data)}`);
  return `${lines.join('\n')}\n\n`;
}

/** Sends the messages until they end, the client goes or falls behind. The caller has written the head. */
export async function sendEventStream(
  response: ServerResponse,
  messages: AsyncIterable<StreamMessage>,
  controller: AbortController,
  log: Log,
): Promise<void> {
  const write = (text: string): void => {
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > maxUnsentBytes) {
      log.info('a listener fell behind and was disconnected');
      controller.abort();
      response.destroy();
    }
  };
  response.on('close', () => controller.abort());
  const heartbeat = setInterval(() => write(': alive\n\n'), heartbeatMs);
  try {
    write(': begin\n\n');
    for await (const message of messages) {
      write(writeStreamMessage(message));
      if (controller.signal.aborted) break;
    }
  } catch (error) {
    if (!controller.signal.aborted) log.warn({ err: error }, 'an event stream ended early');
  } finally {
    clearInterval(heartbeat);
    controller.abort();
    response.end();
  }
}
