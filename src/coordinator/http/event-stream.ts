/**
 * Server-sent events (WHATWG HTML 9.2). A comment every 15 seconds keeps the connection alive. While the
 * listener does not take what was sent, nothing more is written; one that takes nothing for 15 seconds is
 * disconnected, never skipped: it resumes with Last-Event-ID.
 */
import type { ServerResponse } from 'node:http';
import type { Log } from '#log';
import type { StreamMessage } from './route-handler.ts';

export interface StreamLimits {
  readonly heartbeatMs: number;
  /** How long a listener may take nothing while something waits for it. */
  readonly stallMs: number;
  /** Beyond it no more is written until it is taken. */
  readonly unsentBytes: number;
}

const defaultLimits: StreamLimits = {
  heartbeatMs: 15_000,
  stallMs: 15_000,
  unsentBytes: 256 * 1024,
};

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
  limits: StreamLimits = defaultLimits,
): Promise<void> {
  const write = (text: string): void => {
    if (!response.destroyed && !response.writableEnded) response.write(text);
  };
  response.on('close', () => controller.abort());
  const heartbeat = setInterval(() => {
    if (response.writableLength === 0) write(': alive\n\n');
  }, limits.heartbeatMs);
  try {
    write(': begin\n\n');
    for await (const message of messages) {
      write(writeStreamMessage(message));
      if (
        response.writableLength > limits.unsentBytes &&
        !(await taken(response, limits.stallMs))
      ) {
        log.info('a listener fell behind and was disconnected');
        response.destroy();
      }
      if (controller.signal.aborted || response.destroyed) break;
    }
  } catch (error) {
    if (!controller.signal.aborted) log.info({ err: error }, 'an event stream ended early');
  } finally {
    clearInterval(heartbeat);
    controller.abort();
    response.end();
  }
}

/** False when the time passes or the connection ends before everything was taken. */
function taken(response: ServerResponse, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (answer: boolean) => (): void => {
      clearTimeout(timer);
      response.off('drain', onDrain);
      response.off('close', onClose);
      resolve(answer);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    const timer = setTimeout(onClose, limitMs);
    response.once('drain', onDrain);
    response.once('close', onClose);
  });
}
