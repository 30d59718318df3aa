/** Guest additions that came with a guest's disk, in machines of different kinds. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema, type MachineSample, type VmDefinition } from '#api';
import { giB, miB } from '#lib';
import { additionsVersion } from '#images';
import { QemuAgent, byTester, starterImage, withoutQemu } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

function define(id: string, profile: 'classic' | 'modern', bus: 'ide' | 'virtio'): VmDefinition {
  return vmDefinitionSchema.parse({
    id,
    name: 'moved-1',
    guestOs: 'gantry-starter',
    hardware: {
      ...profiles[profile].hardware,
      memory: { sizeBytes: 256 * miB },
      disks: [{ bus, position: 0, file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB }],
    },
    settings: { heartbeat: { intervalSeconds: 1 } },
  });
}

const ofAgent = ['heartbeat', 'time', 'shutdown', 'information'];

test(
  'GA-01 GA-28 the additions on a disk work on in a machine of another kind, shared folders among them',
  { skip: withoutQemu },
  async () => {
    const image = await starterImage();
    await using agent = await QemuAgent.start();
    const id = crypto.randomUUID();
    /** By its pointer it is known which of the two machines the sample is of. */
    const untilAnswer = (pointer: true | string): Promise<MachineSample> =>
      agent.untilSample(
        id,
        'additions that answer',
        ({ additions: { version, functions } }) =>
          version !== null && functions['pointer'] === pointer,
      );
    const modern = define(id, 'modern', 'virtio');
    const imageFacts = { imagePath: image.path, imageFormat: 'qcow2' } as const;
    await agent.create(modern, [
      { kind: 'image', file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB, ...imageFacts },
    ]);
    await agent.act(id, 'turn-on');
    assert.equal((await untilAnswer(true)).additions.version, additionsVersion);
    await agent.act(id, 'turn-off');

    const definition = define(id, 'classic', 'ide');
    await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition,
      definitionVersion: 2,
    });
    await agent.act(id, 'turn-on');
    const { additions } = await untilAnswer('the vm has no USB tablet');
    assert.equal(additions.state, 'running');
    assert.equal(additions.version, additionsVersion);
    for (const name of ofAgent) assert.equal(additions.functions[name], true, name);

    const hostPath = join(agent.shelf, 'data');
    await mkdir(hostPath);
    await chmod(hostPath, 0o755);
    await writeFile(join(hostPath, 'note'), 'for an old chip set\n');
    const share = { slot: 3, name: 'data', hostPath, readOnly: true };
    const generation = agent.generation(id);
    const asked = { id, generation, cause: byTester, share };
    assert.deepEqual(await agent.host.call('machine.share.add', asked), { live: true });
    const serial = await SerialSession.open(agent, id, 'serial1');
    await serial.logIn('root', 'gantry');
    await serial.untilCommand('cat /shared/data/note', /^for an old chip set$/m);
    assert.deepEqual(await agent.host.call('machine.share.remove', asked), { live: true });
    serial.close();
  },
);
