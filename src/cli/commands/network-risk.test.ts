/** What is sent again once a person has accepted what is at stake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#lib';
import type { Network, NetworkRisk } from '#api';
import type { Writer } from '../output/writer.ts';
import { withRisk } from './network-risk.ts';

const reasons = [{ code: 'physical-dhcp', text: 'another server may answer' }];
const network = { name: 'lan' } as Network;

async function ask(yes: boolean, refusal: Fault): Promise<readonly (NetworkRisk | undefined)[]> {
  const sent: (NetworkRisk | undefined)[] = [];
  const run = { out: { interactive: false } as Writer, yes, signal: AbortSignal.timeout(1000) };
  const send = ({ accept }: { readonly accept?: NetworkRisk }): Promise<Network> => {
    sent.push(accept);
    return accept === undefined ? Promise.reject(refusal) : Promise.resolve(network);
  };
  assert.equal(await withRisk(run, send), network);
  return sent;
}

void test('what the server refuses for a risk is sent again with --yes, and asks for it without a terminal', async () => {
  const risky = new Fault('refused', 'cannot switch DHCP on', { reasons });
  assert.deepEqual(await ask(true, risky), [undefined, 'physical-dhcp']);
  await assert.rejects(ask(false, risky), { code: 'invalid', hint: 'add --yes' });
});

void test('what is refused for something else is refused with --yes too', async () => {
  const used = new Fault('refused', 'in use', { reasons: [{ code: 'other', text: 'x' }] });
  await assert.rejects(ask(true, used), used);
});
