import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { acceptScram, deriveScram, startScram } from './scram.ts';

void test('the example of RFC 7677 is reproduced, both sides', async () => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO';
  const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const client = startScram('sha256', { user: 'user', password: 'pencil' }, nonce);
  assert.equal(client.first, `n,,n=user,r=${nonce}`);
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const secret = await deriveScram('sha256', 'pencil', salt, 4096);
  const server = await acceptScram('sha256', client.first, async () => secret, serverNonce);
  assert.equal(server.first, `r=${nonce}${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  const proof = await client.prove(server.first);
  assert.equal(
    proof,
    `c=biws,r=${nonce}${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  const last = server.finish(proof);
  assert.equal(last, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  client.verify(last);
});

void test('a wrong password, a changed message and a server that does not know the password fail', async () => {
  const secret = await deriveScram('sha512', 'right', Buffer.from('salt'), 4096);
  const begin = async (password: string): Promise<readonly [string, (proof: string) => string]> => {
    const client = startScram('sha512', { user: 'a,b=c', password });
    const server = await acceptScram('sha512', client.first, async (user) => {
      assert.equal(user, 'a,b=c');
      return secret;
    });
    return [await client.prove(server.first), (proof) => server.finish(proof)];
  };
  const refused = (error: unknown): boolean => isFault(error, 'unauthenticated');
  const [wrong, finishWrong] = await begin('wrong');
  assert.throws(() => finishWrong(wrong), refused);
  const [right, finishRight] = await begin('right');
  assert.throws(() => finishRight(right.replace('c=biws', 'c=eSws')), refused);
  assert.throws(() => finishRight('p='), refused);
  assert.match(finishRight(right), /^v=/);

  const client = startScram('sha256', { user: 'u', password: 'p' }, 'nonce');
  await assert.rejects(client.prove('r=other,s=AAAA,i=4096'), refused);
  await assert.rejects(client.prove('r=nonceX,s=AAAA,i=1'), refused);
  await assert.rejects(client.prove('r=nonceX,s=AAAA,i=999999999'), refused);
  await client.prove('r=nonceX,s=AAAA,i=4096');
  assert.throws(() => client.verify('v=AAAA'), refused);
  assert.throws(() => client.verify(`v=${Buffer.alloc(32, 7).toString('base64')}`), refused);
  assert.throws(() => client.verify('e=invalid-proof'), refused);
});

void test('malformed first messages are refused', async () => {
  for (const first of [
    '',
    'n',
    'n,,',
    'n,,r=x',
    'p=tls-unique,,n=u,r=x',
    'n,,m=1,n=u,r=x',
    'x'.repeat(9000),
  ]) {
    await assert.rejects(
      acceptScram('sha256', first, async () => undefined),
      (error) => isFault(error, 'unauthenticated'),
    );
  }
});
