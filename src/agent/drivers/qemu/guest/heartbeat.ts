/**
 * The heartbeat of a guest: a pure count (GA-07 to GA-11).
 *
 *   none --beat--> good --miss--> good (counting) --limit reached--> missed --beat--> good
 *                                   ^------------beat-------------'
 *
 * A guest that never answered has no additions, or is still booting: nothing is expected of it.
 */
export interface Heartbeat {
  readonly state: 'none' | 'good' | 'missed';
  readonly lastAtMs: number | null;
  /** Good ones, all told: a counter (GA-09). */
  readonly beats: number;
  /** Beats missed since the last good one. */
  readonly missed: number;
}

export const noHeartbeat: Heartbeat = { state: 'none', lastAtMs: null, beats: 0, missed: 0 };

/** What is to be told when one becomes the other. */
export type HeartbeatNews = 'lost' | 'regained' | undefined;

export function takeBeat(
  now: Heartbeat,
  beat: 'good' | 'missed',
  nowMs: number,
  missedLimit: number,
): { readonly heartbeat: Heartbeat; readonly news: HeartbeatNews } {
  if (beat === 'good') {
    const news = now.state === 'missed' ? 'regained' : undefined;
    const beats = now.beats + 1;
    return { heartbeat: { state: 'good', lastAtMs: nowMs, beats, missed: 0 }, news };
  }
  if (now.state === 'none') return { heartbeat: now, news: undefined };
  const missed = now.missed + 1;
  const isLost = missed >= missedLimit;
  const news = isLost && now.state === 'good' ? 'lost' : undefined;
  return { heartbeat: { ...now, state: isLost ? 'missed' : 'good', missed }, news };
}

/** After a pause nothing of before counts. */
export function forgiveMisses(now: Heartbeat): Heartbeat {
  return now.state === 'none' ? now : { ...now, state: 'good', missed: 0 };
}
