/** `--resume` of the verbs that copy: one word, one meaning. */
import type { Resumed } from '#disk';
import { formatBytes } from '#lib';
import type { Run } from '../command.ts';

export const resumeOption = {
  resume: {
    type: 'flag',
    meaning: 'keep what is copied when cut off; the same command then goes on, after checking it',
  },
} as const;

interface ResumeValues {
  readonly resume?: boolean | undefined;
}

/** As the library takes it. */
export function resumeChoice({ resume }: ResumeValues): { readonly resume?: 'demanded' } {
  return resume === true ? { resume: 'demanded' } : {};
}

export function noteResumed({ out }: Pick<Run, 'out'>, { resumedBytes }: Resumed): void {
  if (resumedBytes > 0) out.note(`went on after ${formatBytes(resumedBytes)}`);
}
