/** Ten thousand random operations on the networks of a host, with interruptions: some ten minutes of an idle machine, however long of a busy one. */
import { suite, test } from 'node:test';
import { Place } from '../../testing/network-place.ts';
import { isInOwnNetwork, tellProgress } from '../../testing/own-network.ts';
import { RandomNetworks } from '../../testing/random-networks.ts';

const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 1_000_000);
const operations = 10_000;
/** One operation takes a fraction of a second, settling seconds, and both much longer where others use the machine. */
const silenceMs = 600_000;

if (isInOwnNetwork(import.meta.filename, { silenceMs }))
  void suite('random operations', () => {
    void test(`random operations leave exactly what the documents say (GANTRY_TEST_SEED=${seed})`, async (context) => {
      await using place = await Place.make();
      tellProgress(`seed ${seed}`);
      const done = await new RandomNetworks(place, seed).run(operations, 100, {
        onStep: (name) => process.stdout.write(`${name}\n`),
        onBurst: (count) => tellProgress(`${count} of ${operations} operations`),
      });
      context.diagnostic(JSON.stringify(done));
    });
  });
