/** The reaction to a failure: a pure count against a limit within an hour (VM-83). */
import { isoTime } from '#lib';
import type { MachineFile } from './record.ts';

const windowMs = 3_600_000;

export interface Reaction {
  readonly reaction: 'reset' | 'restart' | 'given up';
  /** How often within the hour, this one included. */
  readonly repetition: number;
  readonly limit: number;
}

/** Undefined where the vm's settings ask for none; `reactions` is what the record keeps afterwards. */
export function chooseReaction(
  file: MachineFile,
  nowMs: number,
): { readonly decision: Reaction | undefined; readonly reactions: string[] } {
  const { reaction, maxRepetitions: limit } = file.definition.settings.failure;
  const recent = file.reactions.filter((at) => Date.parse(at) > nowMs - windowMs);
  if (reaction === 'none') return { decision: undefined, reactions: recent };
  const repetition = recent.length + 1;
  if (repetition > limit) {
    return { decision: { reaction: 'given up', repetition, limit }, reactions: recent };
  }
  return { decision: { reaction, repetition, limit }, reactions: [...recent, isoTime(nowMs)] };
}
