/** What passed since the page was opened: the API tells samples as they come and keeps none. */
import { useEffect, useState } from 'react';
import type { Vm } from '#api';

export interface Sample {
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** Two minutes of a sample each second. */
const maxSamples = 120;
const apartMs = 900;

export function useSamples({ status }: Vm): readonly Sample[] {
  const [kept, setKept] = useState<{ readonly atMs: number; readonly samples: readonly Sample[] }>({
    atMs: -apartMs,
    samples: [],
  });
  useEffect(() => {
    const { cpuPercent, memoryBytes } = status;
    if (cpuPercent === null) return;
    const atMs = performance.now();
    setKept((before) =>
      atMs - before.atMs < apartMs
        ? before
        : {
            atMs,
            samples: [
              ...before.samples.slice(1 - maxSamples),
              { cpuPercent, memoryBytes: memoryBytes ?? 0 },
            ],
          },
    );
  }, [status]);
  return kept.samples;
}
