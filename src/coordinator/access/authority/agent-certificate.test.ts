import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { issueAgentCertificate, readAgentCertificate } from './agent-certificate.ts';
import { Authority, dayMs } from './authority.ts';

void test("a certificate is an agent's when this authority signed it, for clients, with one host's name", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'gagent-'));
  t.after(() => rm(dir, { recursive: true }));
  const [ours, foreign] = [
    await Authority.open(join(dir, 'a'), systemClock),
    await Authority.open(join(dir, 'b'), systemClock),
  ];
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const hostId = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';
  const read = (text: string) => readAgentCertificate(ours, new X509Certificate(text));
  const issued = await issueAgentCertificate(ours, hostId, publicKey);
  assert.deepEqual(
    [read(issued.text).hostId, read(issued.text).fingerprint],
    [hostId, issued.fingerprint],
  );
  const { text: strange } = await issueAgentCertificate(foreign, hostId, publicKey);
  assert.throws(() => read(strange), { code: 'unauthenticated' });
  const sign = (purpose: 'client' | 'server', ...uris: string[]): Promise<string> =>
    ours.sign({
      subject: `host ${hostId}`,
      publicKey,
      purpose,
      altNames: uris.map((uri) => ({ kind: 'uri', uri })),
      validityMs: dayMs,
    });
  const urn = `urn:gantry:host:${hostId}`;
  assert.equal(read(await sign('client', urn)).hostId, hostId);
  for (const text of [
    await sign('server', urn),
    await sign('client'),
    await sign('client', `${urn}x`),
    await sign('client', `x${urn}`),
    await sign('client', urn, urn),
    ours.text,
  ])
    assert.throws(() => read(text), { code: 'unauthenticated' });
});
