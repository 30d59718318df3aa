/** Figures over time: written down minute by minute, and made into blocks of their things hour by hour. */
import type { SampleHistory } from '../samples/history.ts';
import { minuteMs } from '../samples/levels.ts';
import { lookEveryMs, type SampleRecorder } from '../samples/record.ts';
import type { Reconciler } from './loop.ts';

export function recordSamples(recorder: Pick<SampleRecorder, 'look'>): Reconciler {
  return { name: 'record-samples', everyMs: lookEveryMs, run: () => recorder.look() };
}

/** Only minutes that are in the store are closed, so the two may run at the same time. */
export function closeSamples(
  history: Pick<SampleHistory, 'close'>,
  recorder: Pick<SampleRecorder, 'writtenTo'>,
): Reconciler {
  return {
    name: 'close-samples',
    everyMs: minuteMs,
    run: (signal) => history.close(recorder.writtenTo, signal),
  };
}
