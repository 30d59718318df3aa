/**
 * The judgement on a guest (GA-11): start, heartbeat and network put together into one word. Pure: words of
 * evidence in, the first fitting row of the table out.
 */
import type { GuestHealth } from '#api';

/** What is seen of the guest's network: whether it sends, or answers who asks it. */
export type NetworkSign = 'answers' | 'silent' | 'unknown';

export interface GuestEvidence {
  /** Its kernel has said that it can go on no more, and nothing was heard of it since. */
  readonly panicked: boolean;
  /** Since its start or reset; `missed` from the limit of the settings on. */
  readonly heartbeat: 'none' | 'good' | 'missed';
  /** Whether its agent holds the channel open. An agent that was ended in order closes it. */
  readonly channel: 'open' | 'closed';
  /** How long it ran since its start or reset; null where that was not seen, as after a restore. */
  readonly upMs: number | null;
  readonly bootMs: number;
  /** Whether it was asked for its heartbeat as often as may be missed. */
  readonly askedEnough: boolean;
  /** Whether an agent in it was ever heard, in whatever start. */
  readonly everHeard: boolean;
  readonly network: NetworkSign;
  /** Whether its network has answered since its start or reset. */
  readonly networkAnswered: boolean;
}

interface Row {
  readonly heartbeat: GuestEvidence['heartbeat'];
  readonly start?: 'booting' | 'too-early';
  readonly network?: NetworkSign;
  readonly channel?: GuestEvidence['channel'];
  /** Whether agent or network have been heard before. */
  readonly before?: 'agent' | 'agent-or-network';
  readonly health: GuestHealth;
}

/** Of a guest that has not panicked. The first row counts whose words all fit. */
const table: readonly Row[] = [
  { heartbeat: 'good', health: 'working' },
  { heartbeat: 'missed', network: 'answers', health: 'working' },
  { heartbeat: 'missed', network: 'silent', health: 'not-answering' },
  // Who still holds the channel and does not answer hangs; an agent that left says nothing of its guest.
  { heartbeat: 'missed', channel: 'open', health: 'not-answering' },
  { heartbeat: 'missed', health: 'unknown' },
  { heartbeat: 'none', start: 'booting', health: 'booting' },
  { heartbeat: 'none', start: 'too-early', health: 'unknown' },
  { heartbeat: 'none', network: 'answers', health: 'without-additions' },
  { heartbeat: 'none', network: 'silent', before: 'agent-or-network', health: 'not-answering' },
  { heartbeat: 'none', network: 'silent', health: 'unknown' },
  // It may hang, or its additions were taken away.
  { heartbeat: 'none', before: 'agent', health: 'unknown' },
  { heartbeat: 'none', health: 'without-additions' },
];

export function judgeGuest(evidence: GuestEvidence): GuestHealth {
  if (evidence.panicked) return 'not-answering';
  const { heartbeat, channel, network } = evidence;
  const start = startOf(evidence);
  const row = table.find(
    (one) =>
      one.heartbeat === heartbeat &&
      (one.start === undefined || one.start === start) &&
      (one.network === undefined || one.network === network) &&
      (one.channel === undefined || one.channel === channel) &&
      wasHeard(one.before, evidence),
  );
  return row?.health ?? 'unknown';
}

function startOf({ upMs, bootMs, askedEnough }: GuestEvidence): Row['start'] {
  if (upMs !== null && upMs < bootMs) return 'booting';
  return askedEnough ? undefined : 'too-early';
}

function wasHeard(before: Row['before'], { everHeard, networkAnswered }: GuestEvidence): boolean {
  if (before === 'agent') return everHeard;
  if (before === 'agent-or-network') return everHeard || networkAnswered;
  return true;
}
