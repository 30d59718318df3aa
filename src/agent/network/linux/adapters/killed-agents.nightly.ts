/** Wherever an agent is killed while it shares the host's only adapter, the host has what it had before. */
import { after, before, suite, test } from 'node:test';
import { killSharing, sharingCalls } from '../../../testing/killed-sharing.ts';
import { Office } from '../../../testing/office.ts';
import { isInOwnNetwork } from '../../../testing/own-network.ts';

if (isInOwnNetwork(import.meta.filename))
  void suite('agents that are killed over an adapter', { concurrency: 1 }, () => {
    let office: Office;
    before(async () => {
      office = await Office.open();
    });
    after(() => office[Symbol.dispose]());

    for (let call = 1; call <= sharingCalls + 1; call += 1)
      for (const then of ['guard', 'next-agent'] as const)
        void test(`killed at call ${call} of ${sharingCalls}, mended by the ${then}`, async () => {
          await killSharing(office, call, then);
        });
  });
