/** The table of the judgement on a guest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { guestHealthNames, type GuestHealth } from '#api';
import { judgeGuest, type GuestEvidence } from './guest-health.ts';

/** Long after its start, nothing heard. */
const quiet: GuestEvidence = {
  panicked: false,
  heartbeat: 'none',
  channel: 'closed',
  upMs: 600_000,
  bootMs: 300_000,
  askedEnough: true,
  everHeard: false,
  network: 'unknown',
  networkAnswered: false,
};

const cases: readonly (readonly [string, Partial<GuestEvidence>, GuestHealth])[] = [
  ['nothing yet, and it may still boot', { upMs: 1_000 }, 'booting'],
  [
    'its network already answers, but it may still boot',
    { upMs: 1, network: 'answers' },
    'booting',
  ],
  ['it was reset after it had been heard', { upMs: 1_000, everHeard: true }, 'booting'],
  ['a heartbeat', { heartbeat: 'good', channel: 'open' }, 'working'],
  ['a heartbeat a moment after the start', { heartbeat: 'good', upMs: 10 }, 'working'],
  ['missed beats, its network answers', { heartbeat: 'missed', network: 'answers' }, 'working'],
  ['missed beats, a silent network', { heartbeat: 'missed', network: 'silent' }, 'not-answering'],
  ['missed beats, an open channel', { heartbeat: 'missed', channel: 'open' }, 'not-answering'],
  ['its agent left, and nothing is known else', { heartbeat: 'missed' }, 'unknown'],
  ['a panic', { panicked: true, heartbeat: 'good' }, 'not-answering'],
  ['a panic while it boots', { panicked: true, upMs: 1 }, 'not-answering'],
  ['no additions, its network answers', { network: 'answers' }, 'without-additions'],
  ['no additions ever, no network that tells', {}, 'without-additions'],
  ['additions were there once, nothing tells', { everHeard: true }, 'unknown'],
  [
    'additions were there once, a silent network',
    { everHeard: true, network: 'silent' },
    'not-answering',
  ],
  [
    'its network answered, and is silent now',
    { networkAnswered: true, network: 'silent' },
    'not-answering',
  ],
  ['a network that was always silent', { network: 'silent' }, 'unknown'],
  ['restored, and hardly asked', { upMs: null, askedEnough: false }, 'unknown'],
  [
    'restored, its network answers',
    { upMs: null, network: 'answers', everHeard: true },
    'without-additions',
  ],
];

test('GA-11 start, heartbeat and network tell a hung guest from one without additions and one that boots', () => {
  for (const [what, evidence, health] of cases)
    assert.equal(judgeGuest({ ...quiet, ...evidence }), health, what);
});

test('whatever is seen of a guest, there is one word for it, and a heartbeat is never called a hang', () => {
  const evidence = fc.record<GuestEvidence>({
    panicked: fc.boolean(),
    heartbeat: fc.constantFrom('none', 'good', 'missed'),
    channel: fc.constantFrom('open', 'closed'),
    upMs: fc.option(fc.nat(1_000_000)),
    bootMs: fc.nat(600_000),
    askedEnough: fc.boolean(),
    everHeard: fc.boolean(),
    network: fc.constantFrom('answers', 'silent', 'unknown'),
    networkAnswered: fc.boolean(),
  });
  fc.assert(
    fc.property(evidence, (seen) => {
      const health = judgeGuest(seen);
      assert.ok(guestHealthNames.includes(health));
      if (seen.panicked) return;
      if (seen.heartbeat === 'good') assert.equal(health, 'working');
      if (seen.network === 'answers') assert.notEqual(health, 'not-answering');
    }),
  );
});
