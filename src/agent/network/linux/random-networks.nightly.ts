/** Ten thousand random operations on the networks of a host, or as many as there is time for. */
import { suite, test } from 'node:test';
import { Place } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { RandomNetworks } from '../../testing/random-networks.ts';

const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 1_000_000);
const operations = 10_000;
/** Less than a file of its own network may take (testing/own-network.ts). */
const limitMs = 240_000;

if (isInOwnNetwork(import.meta.filename))
  void suite('random operations', () => {
    void test(`random operations leave exactly what the documents say (GANTRY_TEST_SEED=${seed})`, async (context) => {
      await using place = await Place.make();
      const done = await new RandomNetworks(place, seed).run(operations, 100, limitMs);
      context.diagnostic(`${done} operations`);
    });
  });
