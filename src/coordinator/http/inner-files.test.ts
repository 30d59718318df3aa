/** Bytes that are put into a disk and taken out of one: how they pass between a client and an agent, and what bounds them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWebSocketStream } from 'ws';
import { maxInnerFileBytes, type LinkParams } from '#api';
import { Fault } from '#lib';
import { FakeAgent } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

const bytes = { 'content-type': 'application/octet-stream' };
const place = 'file=/vms/a.qcow2&path=/own.txt';

test('a file passes as a stream, whole or with a break, and what is put in has a length that is bounded', async () => {
  await using stage = await Stage.open();
  await using agent = await FakeAgent.join(stage, 'h1');
  const taken: string[] = [];
  Object.assign(agent.handlers, {
    'host.configure': () => ({}),
    'host.disk.file.take': async (params: LinkParams<'host.disk.file.take'>) => {
      if (params.path === '/refused') throw new Fault('refused', 'a vm uses it');
      const socket = agent.dial(`/agent/stream/${params.streamId}`);
      let text = '';
      for await (const part of createWebSocketStream(socket)) {
        text += String(part);
        if (text.length >= params.sizeBytes) break;
      }
      taken.push(text);
      return {};
    },
    'host.disk.file.send': ({ streamId, path }: LinkParams<'host.disk.file.send'>) => {
      const socket = agent.dial(`/agent/stream/${streamId}`);
      socket.on('open', () => {
        socket.send(Buffer.from('half'));
        if (path === '/breaks') socket.close(1011);
        else socket.send(Buffer.from('whole'), () => socket.close(1000));
      });
      return { kind: path === '/folder' ? 'folder' : 'file', sizeBytes: 9 };
    },
  });
  await agent.connect([]);
  const put = (path: string, raw: string, headers: object = {}): ReturnType<Stage['send']> =>
    stage.send('PUT', `/hosts/h1/disk/file?file=/vms/a.qcow2&path=${path}`, {
      raw,
      headers: { ...bytes, ...headers },
    });
  assert.equal((await put('/own.txt', 'hello')).status, 204);
  assert.deepEqual(taken, ['hello']);
  const events = await stage.send('GET', '/events?filter=name%20%3D%20host.disk.changed');
  assert.match(events.text, /put-file/);

  const refused = await put('/refused', 'hello');
  assert.deepEqual([refused.status, /a vm uses it/.test(refused.text)], [409, true]);
  const asJson = await put('/own.txt', '{}', { 'content-type': 'application/json' });
  assert.deepEqual([asJson.status, /bytes with their length/.test(asJson.text)], [400, true]);
  const folder = await stage.send('POST', '/folders', { raw: 'hello', headers: bytes });
  assert.deepEqual([folder.status, /not declared as JSON/.test(folder.text)], [400, true]);
  const long = String(maxInnerFileBytes + 1);
  const large = await put('/own.txt', '', { 'content-length': long }).catch(() => undefined);
  assert.equal(large?.status ?? 413, 413);
  assert.deepEqual(taken, ['hello']);

  const file = await stage.send('GET', `/hosts/h1/disk/file?${place}`);
  assert.equal(file.text, 'halfwhole');
  assert.equal(file.headers['content-length'], '9');
  assert.match(String(file.headers['content-disposition']), /own\.txt$/);
  const tar = await stage.send('GET', '/hosts/h1/disk/file?file=/vms/a.qcow2&path=/folder');
  assert.match(String(tar.headers['content-disposition']), /folder\.tar$/);
  const broken = await stage.send('GET', '/hosts/h1/disk/file?file=/vms/a.qcow2&path=/breaks');
  assert.ok(broken.text.length < Number(broken.headers['content-length']), broken.text);
});
