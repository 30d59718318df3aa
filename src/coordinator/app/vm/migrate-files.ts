/** The files of a vm on their way to another host: in streams, one after the other, until all are there (docs/rfd/0030). */
import { maxMovedFiles, type LinkResult } from '#api';
import { describeFault, Fault } from '#lib';
import type { Work } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import { definitionThere, inputOf, moveOf } from './migrate-input.ts';

/** Streams that may end, one after the other, without a byte more on the other side. */
const maxVainStreams = 5;
const pauseMs = 1_000;

/** By name: what the first host removes when the vm has gone. Errors: `refused` for more than a host is told of. */
export function goingFiles({
  files,
  written,
}: Pick<LinkResult<'machine.departure.begin'>, 'files' | 'written'>): string[] {
  const names = [...new Set([...files.map(({ path }) => path), ...written])];
  if (names.length <= maxMovedFiles) return names;
  throw new Fault('refused', `it has ${names.length} files, and ${maxMovedFiles} can be moved`, {
    hint: 'take files that are not of the vm out of its folder',
  });
}

/** Answers the folder on the other host, when all of them are there. */
export async function carryFiles(
  work: Work,
  { files, fileName, record }: LinkResult<'machine.departure.begin'>,
): Promise<string> {
  const { parent, toHost } = inputOf(work);
  const { links, clock } = work.coordinator;
  const definition = definitionThere(work);
  const ask = { ...moveOf(work), definition, parent, files, fileName, record };
  const totalBytes = files.reduce(
    (sum, file) => sum + (file.kind === 'file' ? file.sizeBytes : 0),
    0,
  );
  let vain = 0;
  let best = -1;
  for (;;) {
    const { folder, state, doneBytes, trouble } = await links.call(
      toHost,
      'machine.arrival.begin',
      ask,
      { signal: work.signal, limitMs: copyLimitMs },
    );
    if (state === 'complete') return folder;
    vain = doneBytes > best ? 0 : vain + 1;
    best = Math.max(best, doneBytes);
    if (vain >= maxVainStreams)
      throw new Fault(
        'unavailable',
        `its files do not come through: ${trouble ?? 'the stream breaks'}`,
        {
          hint: 'look at the log of both agents, then move it again',
        },
      );
    if (vain > 0) await clock.sleep(pauseMs, work.signal);
    await stream(work, doneBytes, totalBytes);
  }
}

/** Until it ends, however that is: what has come is asked for afterwards. */
async function stream(work: Work, doneBytes: number, totalBytes: number): Promise<void> {
  const { fromHost, toHost } = inputOf(work);
  const { links, streams } = work.coordinator;
  const move = moveOf(work);
  let passed = doneBytes;
  try {
    await streams.carry(
      {
        hostId: fromHost,
        ask: (streamId, signal) =>
          links.call(fromHost, 'machine.departure.send', { ...move, streamId }, { signal }),
      },
      {
        hostId: toHost,
        ask: (streamId, signal) =>
          links.call(toHost, 'machine.arrival.receive', { ...move, streamId }, { signal }),
      },
      {
        signal: work.signal,
        onBytes: (bytes) => {
          passed += bytes;
          work.tell(totalBytes === 0 ? null : Math.min(1, passed / totalBytes), 'copying files');
        },
      },
    );
  } catch (error) {
    work.signal.throwIfAborted();
    work.tell(null, describeFault(error));
  }
}
