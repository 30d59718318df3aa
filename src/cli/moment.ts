/** Times and durations as people type them: `-1h`, `90s`, `7d`, `2026-01-31T12:00:00Z`. */
import { Fault, isoTime } from '#lib';
import type { Values } from './command.ts';

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const maxMs = 100 * 366 * 86_400_000;

/** Milliseconds. Errors: `invalid` naming the option. */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d{1,9})([smhdw])$/.exec(text.trim());
  const ms = Number(match?.[1]) * (unitsMs[match?.[2] ?? ''] ?? Number.NaN);
  if (Number.isFinite(ms) && ms > 0 && ms <= maxMs) return ms;
  throw new Fault('invalid', `--${option} "${text.slice(0, 40)}" is not a duration`, {
    hint: 'write a number and s, m, h, d or w, for example 90s or 7d',
  });
}

/** RFC 3339 in UTC; a duration is so long ago, with a hyphen in front or without. Errors: `invalid` naming the option. */
export function parseMoment(option: string, text: string, nowMs: number): string {
  if (text === 'now') return isoTime(nowMs);
  if (/^-?\d+[a-z]$/.test(text))
    return isoTime(nowMs - parseDuration(option, text.replace(/^-/, '')));
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return isoTime(ms);
  throw new Fault('invalid', `--${option} "${text.slice(0, 40)}" is not a time`, {
    hint: 'write for example -1h, -7d or 2026-01-31T12:00:00Z',
  });
}

/** Of the commands that read a log. */
export const periodOptions = {
  since: {
    type: 'text',
    value: 'TIME',
    meaning: 'from this time, for example -1h, -7d or 2026-01-31T12:00:00Z',
  },
  until: { type: 'text', value: 'TIME', meaning: 'before this time' },
} as const;

/** As the API takes them. Errors: `invalid` naming the option. */
export function periodOf(
  { since, until }: Values<typeof periodOptions>,
  nowMs: number,
): { readonly since: string | undefined; readonly until: string | undefined } {
  return {
    since: since === undefined ? undefined : parseMoment('since', since, nowMs),
    until: until === undefined ? undefined : parseMoment('until', until, nowMs),
  };
}
