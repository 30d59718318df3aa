/** Random operations on the networks of a host, a few of them: the many are for the night. */
import { suite, test } from 'node:test';
import { Place } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { RandomNetworks } from '../../testing/random-networks.ts';

if (isInOwnNetwork(import.meta.filename))
  void suite('random operations', () => {
    void test('a host has exactly what the documents say after random operations and interruptions', async () => {
      await using place = await Place.make();
      await new RandomNetworks(place, 20_26).run(40, 10);
    });
  });
