/** Frames with the tag of a VLAN at the ports of a bridged network, on a host that is a network namespace. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Ear } from '../../testing/ear.ts';
import { must, NetGuest } from '../../testing/net-guest.ts';
import { adapterOn, Place, spec } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { sendFrames, taggedFrame } from '../../testing/tagged-frames.ts';

const mac = '52:47:59:00:00:01';
const vm = '10000000-0000-4000-8000-000000000001';
const vmNumber = (number: number): string => vm.slice(0, -1) + String(number);

if (isInOwnNetwork(import.meta.filename))
  void suite('VLANs at ports', { concurrency: 1 }, () => {
    let place: Place;
    before(async () => {
      place = await Place.make();
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      for (const name of ['eno1', 'switch1']) must('ip', 'link', 'set', 'dev', name, 'up');
    });
    after(() => place[Symbol.asyncDispose]());

    void test('a guest sends and receives with the tags of its VLANs alone; without any, none', async () => {
      const network = spec(1, { type: 'bridged', adapter: 'eno1' });
      await place.carry(network);
      using guest = await NetGuest.make();
      const adapter = adapterOn(network.id, mac);
      const port = await place.plug(guest, vm, adapter);
      using outside = await Ear.open('switch1');
      using inside = await Ear.open('eth0', guest);
      const passes = async (vlan: number | undefined): Promise<readonly [boolean, boolean]> => {
        const [out, back, last] = [`out-${vlan}`, `back-${vlan}`, `last-${vlan}`];
        outside.frames.length = 0;
        inside.frames.length = 0;
        // One that always passes comes last.
        const frames = (from: string, text: string): string[] => [
          taggedFrame(from, vlan, text),
          taggedFrame(from, undefined, last),
        ];
        sendFrames(guest, 'eth0', frames(mac, out));
        sendFrames(undefined, 'switch1', frames('02:00:5e:00:00:09', back));
        await outside.until(() => outside.overheard(last).length > 1);
        await inside.until(() => inside.overheard(last).length > 0);
        return [outside.overheard(out).length > 0, inside.overheard(back).length > 0];
      };
      assert.deepEqual(await passes(undefined), [true, true]);
      assert.deepEqual(await passes(100), [false, false], 'no tag where it is in no VLAN');
      const vlans = [
        { first: 100, last: 100 },
        { first: 200, last: 210 },
      ];
      await port.change({ vlans });
      for (const [vlan, whether] of [
        [100, true],
        [101, false],
        [205, true],
      ] as const)
        assert.deepEqual(await passes(vlan), [whether, whether], String(vlan));
    });

    void test('NET-40 guests with different VLANs at one physical adapter hear nothing of each other, those with the same do', async () => {
      const network = spec(2, { type: 'bridged', adapter: 'eno1' });
      await place.carry(network);
      using sender = await NetGuest.make();
      using sameVlan = await NetGuest.make();
      using otherVlan = await NetGuest.make();
      const members = [
        [sender, 1, 100],
        [sameVlan, 2, 100],
        [otherVlan, 3, 4094],
      ] as const;
      for (const [guest, number, vlan] of members) {
        const vlans = [{ first: vlan, last: vlan }];
        const own = mac.slice(0, -1) + String(number);
        await place.plug(guest, vmNumber(number), adapterOn(network.id, own, { vlans }));
      }
      using outside = await Ear.open('switch1');
      using same = await Ear.open('eth0', sameVlan);
      using other = await Ear.open('eth0', otherVlan);
      const texts = ['in-100', 'in-4094', 'in-none'] as const;
      const [mine, theirs, plain] = texts;
      sendFrames(sender, 'eth0', [
        taggedFrame(mac, 100, mine),
        taggedFrame(mac, 4094, theirs),
        taggedFrame(mac, undefined, plain),
      ]);
      for (const ear of [outside, same, other])
        await ear.until(() => ear.overheard(plain).length > 0);
      const heard = (ear: Ear): readonly string[] =>
        texts.filter((text) => ear.overheard(text).length > 0);
      assert.deepEqual(heard(outside), [mine, plain]);
      assert.deepEqual(heard(same), [mine, plain]);
      assert.deepEqual(heard(other), [plain]);
    });
  });
