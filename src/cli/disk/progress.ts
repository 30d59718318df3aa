/** The progress of a verb on a disk: a bar with rate and time left on a terminal, now and then a line off it. */
import type { Progress } from '#disk';
import { formatBytes } from '#lib';
import type { Run } from '../command.ts';
import { shortDuration } from '../output/human.ts';
import { bar } from '../progress.ts';

/** Off a terminal a line at most this often. */
const lineMs = 10_000;

export function progressText(progress: Progress): string {
  const { doneBytes, totalBytes, bytesPerSecond, remainingMs } = progress;
  const share = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const left = remainingMs === undefined ? '' : `, ${shortDuration(remainingMs / 1000)} left`;
  return `${share}, ${formatBytes(bytesPerSecond)}/s${left}`;
}

/** What the verbs of the library are given: where progress goes, and what cancels them. */
export function verbOptions(
  { out, signal }: Pick<Run, 'out' | 'signal'>,
  what: string,
  now: () => number = () => performance.now(),
): { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void } {
  let saidMs = now();
  return {
    signal,
    onProgress(progress) {
      const { doneBytes, totalBytes } = progress;
      if (doneBytes >= totalBytes) return out.status('');
      const text = `${what}: ${progressText(progress)}`;
      if (out.interactive) return out.status(`${bar(doneBytes / totalBytes)} ${text}`);
      if (now() - saidMs < lineMs) return;
      saidMs = now();
      out.note(text);
    },
  };
}
