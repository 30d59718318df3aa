/** A process that makes load, as the bench sees it: one question at a time, answered with what was measured. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Connection } from '../../src/cli/connection.ts';

const script = new URL('load-process.ts', import.meta.url);

export type LoadRequest =
  | { readonly kind: 'connect'; readonly connection: Connection }
  | {
      readonly kind: 'read';
      readonly urls: readonly string[];
      /** So many requests, or until so much time has passed. */
      readonly count: number;
      readonly limitMs: number;
      readonly connections: number;
    }
  | {
      readonly kind: 'write';
      readonly urls: readonly string[];
      readonly count: number;
      readonly connections: number;
    }
  | { readonly kind: 'watch'; readonly url: string; readonly watchers: number }
  | { readonly kind: 'heard'; readonly eventsPerWatcher: number };

export interface LoadAnswer {
  readonly takenMs: readonly number[];
  /** Of all watchers together. */
  readonly heard: number;
}

export interface Load extends AsyncDisposable {
  read(urls: readonly string[], count: number, connections: number): Promise<LoadAnswer>;
  readFor(urls: readonly string[], limitMs: number, connections: number): Promise<LoadAnswer>;
  /** Changes the description of vms. Answers how many were changed. */
  write(urls: readonly string[], count: number, connections: number): Promise<number>;
  /** Opens so many event streams; from then on they count. */
  watch(url: string, watchers: number): Promise<void>;
  /** Until each watcher has heard so many events. Answers how many that were for all. */
  untilHeard(eventsPerWatcher: number): Promise<number>;
}

export async function startLoad(connection: Connection): Promise<Load> {
  const child = fork(script, { serialization: 'advanced' });
  const ended = once(child, 'exit');
  const ask = async (request: LoadRequest): Promise<LoadAnswer> => {
    const answered = once(child, 'message') as Promise<[LoadAnswer]>;
    child.send(request);
    const [answer] = await Promise.race([
      answered,
      ended.then(() => Promise.reject(new Error('a process that makes load has ended'))),
    ]);
    return answer;
  };
  await ask({ kind: 'connect', connection });
  return {
    read: (urls, count, connections) =>
      ask({ kind: 'read', urls, count, limitMs: Infinity, connections }),
    readFor: (urls, limitMs, connections) =>
      ask({ kind: 'read', urls, count: Infinity, limitMs, connections }),
    write: async (urls, count, connections) =>
      (await ask({ kind: 'write', urls, count, connections })).takenMs.length,
    watch: async (url, watchers) => void (await ask({ kind: 'watch', url, watchers })),
    untilHeard: async (eventsPerWatcher) => (await ask({ kind: 'heard', eventsPerWatcher })).heard,
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await ended;
    },
  };
}
