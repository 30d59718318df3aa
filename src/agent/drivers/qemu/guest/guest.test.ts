/** The pure rules about guests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDefinition } from '../../../testing/simulated-host.ts';
import { forgiveMisses, noHeartbeat, takeBeat, type Heartbeat } from './heartbeat.ts';
import { domainOf, isSambaController } from './domain.ts';
import { isOlder, isTellingAddress, parseMemory } from './information.ts';
import { needsCorrection, wantsSynchronisation } from './time-rules.ts';

test('GA-08 the limit of missed beats raises one event, recovery another', () => {
  let heartbeat: Heartbeat = noHeartbeat;
  const told: unknown[] = [];
  for (const beat of [
    'missed',
    'good',
    'missed',
    'missed',
    'missed',
    'missed',
    'good',
    'good',
  ] as const) {
    const next = takeBeat(heartbeat, beat, 1000, 3);
    heartbeat = next.heartbeat;
    told.push(next.news ?? heartbeat.state);
  }
  assert.deepEqual(told, ['none', 'good', 'good', 'good', 'lost', 'missed', 'regained', 'good']);
});

test('GA-11 a guest that never answered is not missed: it has no additions, or still boots', () => {
  let heartbeat: Heartbeat = noHeartbeat;
  for (let n = 0; n < 100; n += 1) heartbeat = takeBeat(heartbeat, 'missed', n, 3).heartbeat;
  assert.equal(heartbeat.state, 'none');
});

test('GA-10 after a pause nothing that was missed before counts', () => {
  const late = takeBeat(
    { state: 'good', lastAtMs: 1, beats: 1, missed: 2 },
    'missed',
    5,
    10,
  ).heartbeat;
  assert.equal(forgiveMisses(late).missed, 0);
  assert.equal(forgiveMisses(noHeartbeat).state, 'none');
});

test('GA-13 the clock is set by default, but not of domain controllers, in other domains and other time zones', () => {
  const wants = (
    definition: object,
    guestZoneSeconds: number | null,
    isDomainController = false,
    guestDomain: string | null = null,
  ): boolean =>
    wantsSynchronisation({
      definition: { ...makeDefinition(), ...definition },
      isDomainController,
      guestDomain,
      hostDomain: 'office.test',
      guestZoneSeconds,
      hostZoneSeconds: 3600,
    });
  assert.equal(wants({}, 3600), true);
  assert.equal(wants({}, null), true);
  assert.equal(wants({}, 0), false);
  assert.equal(wants({ domainController: true }, 3600), false);
  assert.equal(wants({}, 3600, true), false);
  assert.equal(wants({}, 3600, false, 'lab.test'), false);
  assert.equal(wants({}, 3600, false, 'office.test'), true);
});

test('GA-12 GA-15 the setting decides, and a mere difference of zones moves no clock', () => {
  const on = makeDefinition({ settings: { time: { synchronise: true } } });
  const off = makeDefinition({ settings: { time: { synchronise: false } } });
  const domains = { isDomainController: false, guestDomain: null, hostDomain: null };
  const zones = { ...domains, guestZoneSeconds: 0, hostZoneSeconds: 7200 };
  assert.equal(needsCorrection({ definition: on, ...zones, offsetMs: 0 }), false);
  assert.equal(needsCorrection({ definition: on, ...zones, offsetMs: -2000 }), true);
  assert.equal(needsCorrection({ definition: on, ...zones, offsetMs: 400 }), false);
  assert.equal(needsCorrection({ definition: off, ...zones, offsetMs: 60_000 }), false);
});

test('GA-25 loopback and link-local addresses tell nothing', () => {
  const all = ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '10.0.2.15', '2001:db8::1'];
  assert.deepEqual(all.filter(isTellingAddress), ['10.0.2.15', '2001:db8::1']);
});

test('GA-25 memory is read where the guest is Linux, and null elsewhere', () => {
  assert.deepEqual(parseMemory('MemTotal:       1024 kB\nMemAvailable:    512 kB\n'), {
    totalBytes: 1_048_576,
    freeBytes: 524_288,
  });
  assert.deepEqual(parseMemory(undefined), { totalBytes: null, freeBytes: null });
});

test('GA-14 a Samba that is a domain controller is recognised by its server role', () => {
  const is = (role: string): boolean => isSambaController(`[global]\n\tworkgroup = X\n${role}\n`);
  for (const role of [
    'server role = active directory domain controller',
    '\tServer Role=DC',
    '   server role = Domain Controller  ',
  ])
    assert.equal(is(role), true, role);
  for (const role of [
    'server role = member server',
    '# server role = dc',
    'server role = auto',
    '',
  ])
    assert.equal(is(role), false, role);
  assert.equal(isSambaController(undefined), false);
});

test('GA-13 the domain of a member is that of its Samba, else of its Kerberos; a mere workgroup is none', () => {
  const kerberos = '[libdefaults]\n  default_realm = LAB.TEST\n[realms]\n';
  const samba = (role: string): string => `[global]\nworkgroup = LAB\nrealm = Ads.Test\n${role}\n`;
  assert.equal(domainOf(samba('security = ADS'), kerberos), 'ads.test');
  assert.equal(domainOf(samba('server role = member server'), undefined), 'ads.test');
  assert.equal(domainOf(samba('server role = standalone server'), kerberos), 'lab.test');
  assert.equal(domainOf(samba('security = user'), undefined), null);
  assert.equal(domainOf(undefined, '# default_realm = X\n default_realm = a b\n'), null);
  assert.equal(domainOf(undefined, undefined), null);
});

test('versions are compared number by number', () => {
  assert.equal(isOlder('13.30', '13.40'), true);
  assert.equal(isOlder('1.10', '1.9'), false);
  assert.equal(isOlder('1.0', '1.0.0'), false);
  assert.equal(isOlder('0.9-beta', '1'), true);
});
