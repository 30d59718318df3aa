import assert from 'node:assert/strict';
import { test } from 'node:test';
import { miB } from '#lib';
import { silentLog } from '#log';
import type { CallContext } from '../../link/calls.ts';
import { Streams } from '../../stream/streams.ts';
import { TestHost, tester } from '../../testing/simulated-host.ts';
import { arrivalVerbs } from '../../verbs/arrivals.ts';
import { departureVerbs } from '../../verbs/departures.ts';

const streams = new Streams(() => assert.fail('nothing is streamed'), silentLog);
const call: CallContext = { signal: AbortSignal.any([]), progress: () => undefined };
const file = 'vm.qcow2';
const disk = { bus: 'virtio', controller: 0, position: 0, file, format: 'qcow2' } as const;

test('a simulated vm comes to another host with all that is known of it, which needs no stream, and is no more where it was', async () => {
  await using left = await TestHost.make({ seed: 'left', vms: 1 });
  await using right = await TestHost.make({ seed: 'right' });
  const [fleet] = left.host.files();
  assert.ok(fleet !== undefined);
  const hardware = { disks: [{ ...disk, sizeBytes: 640 * miB, readOnly: false, shared: false }] };
  const web = await left.add({ name: 'web', hardware: hardware as never });
  await left.act(web, 'turn-on', 1);
  await left.act(web, 'save', 1);
  const idle = left.machine(fleet.definition.id);
  if (!['off', 'saved'].includes(idle.file.state)) await left.act(idle, 'turn-off', 1);
  const [departures, arrivals] = [
    departureVerbs(left.host, streams),
    arrivalVerbs(right.host, streams),
  ];
  for (const { id, file: before } of [web, idle]) {
    const move = { id, moveId: `move-${id}` };
    const asked = { ...move, generation: 2, cause: tester, to: 'right', gathered: [] };
    const { files, fileName, record } = await departures['machine.departure.begin'](asked, call);
    const { definition } = before;
    const coming = { ...move, definition, parent: null, files, fileName, record };
    const begun = await arrivals['machine.arrival.begin'](coming, call);
    assert.deepEqual([begun.state, begun.trouble], ['complete', null]);
    const last = { ...move, generation: 3, cause: tester, definition, definitionVersion: 2 };
    await arrivals['machine.arrival.end'](last, call);
    await departures['machine.departure.end']({ ...move, files: [] }, call);
  }
  const there = right.machine(web.id);
  assert.deepEqual([there.file.state, there.file.folder], ['saved', '/simulated/h/web']);
  const { storage } = right.host.driver;
  const { sizeBytes } = await storage.inspectDisk(there.file.folder, file, 'qcow2', call.signal);
  assert.equal(sizeBytes, 640 * miB);
  assert.equal(await right.act(there, 'restore', 4), 'running');
  assert.deepEqual(left.host.files(), []);
  await left.stop();
  await left.start();
  assert.deepEqual(left.host.files(), []);
});

test('a disk that another vm has, too, keeps a simulated vm where it is', async () => {
  await using host = await TestHost.make();
  const shared = { ...disk, file: '/simulated/shelf/vm.qcow2', sizeBytes: miB };
  const hardware = { disks: [{ ...shared, readOnly: false, shared: false }] } as never;
  const [one] = [
    await host.add({ name: 'one', hardware }),
    await host.add({ name: 'two', hardware }),
  ];
  const departures = departureVerbs(host.host, streams);
  const plan = await departures['machine.departure.plan']({ id: one.id, gathered: [] }, call);
  assert.deepEqual(
    plan.reasons.map(({ code, text }) => [code, text.includes('two uses')]),
    [['file-used', true]],
  );
});
