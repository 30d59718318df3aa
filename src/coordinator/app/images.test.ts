import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Image, Operation } from '#api';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const vm = makeDefinition('web-1');
let builds = 0;
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['image.build'] = ({ recipe, drivers }: { recipe: string; drivers?: string }) => {
    if (recipe === 'drivers-floppy')
      return {
        path: `${drivers ?? 'found'}.img`,
        format: 'raw',
        sizeBytes: 7,
        fileBytes: 7,
        sha256: 'b'.repeat(64),
        imageKind: 'floppy',
      };
    builds += 1;
    return {
      path: `/images/starter-${Math.min(builds, 2)}.qcow2`,
      format: 'qcow2',
      sizeBytes: 1000,
      fileBytes: 500,
      sha256: 'a'.repeat(64),
      imageKind: 'disk',
    };
  };
  agent.handlers['image.inspect'] = ({ file }: { file: string }) => {
    if (file === '/missing.iso')
      throw Object.assign(new Error('there is no /missing.iso'), { code: 'not-found' });
    return {
      path: file,
      format: 'raw',
      imageKind: 'cd',
      sizeBytes: 7,
      fileBytes: 7,
      sha256: null,
    };
  };
  agent.handlers['image.delete'] = () => ({});
  agent.handlers['machine.medium'] = () => ({ live: false });
  agent.handlers['machine.configure'] = () => ({ report: makeReport(vm) });
  await agent.connect([makeRecord(vm, 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

function done(operation: Operation): Operation {
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  return operation;
}

async function image(name: string): Promise<Image> {
  const { status, json, text } = await stage.send('GET', `/images/${name}`);
  assert.equal(status, 200, text);
  return json as Image;
}

test('an image is built once; built again it is the same one, renewed', async () => {
  done(await stage.act('POST', '/images/build', { recipe: 'starter' }));
  const first = await image('starter');
  assert.equal(first.path, '/images/starter-1.qcow2');
  assert.equal(first.guestOs, 'gantry-starter');
  done(await stage.act('POST', '/images/build', { recipe: 'starter' }));
  const second = await image('starter');
  assert.equal(second.id, first.id);
  assert.equal(second.path, '/images/starter-2.qcow2');
  const { version } = second;
  done(await stage.act('POST', '/images/build', { recipe: 'starter' }));
  assert.equal((await image('starter')).version, version, 'nothing new, nothing written');
});

test('a file of the host is made known; one that is missing is not, and its name stays free', async () => {
  const body = { name: 'tools', file: '/iso/tools.iso', imageKind: 'cd', format: 'raw' };
  done(await stage.act('POST', '/images', body));
  assert.equal((await image('tools')).sizeBytes, 7);
  const missing = await stage.act('POST', '/images', {
    ...body,
    name: 'missing',
    file: '/missing.iso',
  });
  assert.equal(missing.state, 'failed');
  assert.equal(missing.fault?.code, 'not-found');
  assert.equal((await stage.send('GET', '/images/missing')).status, 404);
  const again = await stage.send('POST', '/images?dryRun=true', {
    body: { ...body, name: 'missing' },
  });
  assert.equal(again.status, 200, again.text);
});

test('an image goes into the drive it is for, the agent gets its file, people see the image', async () => {
  const wrong = await stage.send('PUT', '/vms/web-1/media/sata0:0', {
    body: { kind: 'image', image: 'starter' },
  });
  assert.equal(wrong.status, 409, wrong.text);
  done(await stage.act('PUT', '/vms/web-1/media/sata0:0', { kind: 'image', image: 'tools' }));
  const { id } = await image('tools');
  const [drive] = stage.vm('web-1')?.definition.hardware.opticalDrives ?? [];
  assert.deepEqual(drive?.medium, { kind: 'image', image: id });
  const sent = agent.calls('machine.configure').at(-1)?.params as {
    definition: typeof vm;
  };
  assert.deepEqual(sent.definition.hardware.opticalDrives[0]?.medium, {
    kind: 'file',
    file: '/iso/tools.iso',
  });
  const nowhere = await stage.send('PUT', '/vms/web-1/media/ide5:5', {
    body: { kind: 'image', image: 'tools' },
  });
  assert.equal(nowhere.status, 404);
});

test('an image in a drive is not deleted; ejected it is, and only what was built loses its file', async () => {
  const refused = await stage.send('DELETE', '/images/tools');
  assert.equal(refused.status, 409);
  assert.match(refused.text, /web-1/);
  done(await stage.act('DELETE', '/vms/web-1/media/sata0:0'));
  done(await stage.act('DELETE', '/images/tools'));
  done(await stage.act('DELETE', '/images/starter'));
  assert.deepEqual(
    agent.calls('image.delete').map(({ params }) => params),
    [
      { path: '/iso/tools.iso', file: 'keep' },
      { path: '/images/starter-2.qcow2', file: 'delete' },
    ],
  );
  assert.equal((await stage.send('GET', '/images')).text.includes('starter'), false);
});

test('VM-74 a medium that is gone blocks the start, with the remedy', async () => {
  agent.handlers['machine.check'] = () => ({ ok: true, reasons: [], warnings: [] });
  const patch = {
    hardware: {
      opticalDrives: [
        { bus: 'sata', position: 0, medium: { kind: 'file', file: '/iso/tools.iso' } },
      ],
    },
  };
  done(await stage.act('PATCH', '/vms/web-1', patch));
  assert.equal(((await stage.send('POST', '/vms/web-1/check')).json as { ok: boolean }).ok, true);
  done(
    await stage.act('POST', '/images', {
      name: 'short-lived',
      file: '/iso/x.iso',
      imageKind: 'cd',
      format: 'raw',
    }),
  );
  done(await stage.act('PUT', '/vms/web-1/media/sata0:0', { kind: 'image', image: 'short-lived' }));
  const { id } = await image('short-lived');
  await stage.coordinator.commit({ writes: [{ kind: 'image', id, delete: true }] });
  const { json } = await stage.send('POST', '/vms/web-1/check');
  const { ok, reasons } = json as { ok: boolean; reasons: { code: string; remedy: string }[] };
  assert.equal(ok, false);
  assert.equal(reasons[0]?.code, 'medium-missing');
  assert.match(reasons[0]?.remedy ?? '', /eject/);
});

test('HW-42 an image with drivers for Windows is made of the CD that is named; others take none', async () => {
  const drivers = '/isos/virtio-win.iso';
  done(await stage.act('POST', '/images/build', { recipe: 'drivers-floppy', drivers }));
  const { path, imageKind } = await image('drivers-floppy');
  assert.deepEqual([path, imageKind], [`${drivers}.img`, 'floppy']);
  done(await stage.act('POST', '/images/build', { recipe: 'drivers-floppy' }));
  assert.equal((await image('drivers-floppy')).path, 'found.img');
  const refused = await stage.send('POST', '/images/build', {
    body: { recipe: 'starter', drivers },
  });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /takes no drivers/);
});
