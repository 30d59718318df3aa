import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToldEvent, Vm } from '#api';
import { packEvent } from '#libvirt';
import { silentLog } from '#log';
import { HypervisorEvents, type HeardEvent, type HeardOfHost } from './hypervisor-events.ts';

const id = '5f0b3a52-6c5d-4a57-8f1e-3a2f0c9d1e10';
const dom = { name: 'there', uuid: id, id: 3 };
const fields = { callbackID: 7, dom, dst: 'vda', type: 2, status: 0 };
const told: ToldEvent = {
  id,
  name: 'DOMAIN_EVENT_BLOCK_JOB_2',
  fields: packEvent('DOMAIN_EVENT_BLOCK_JOB_2', fields).toString('base64'),
  place: 'virtio0:0',
};
const inventory = { vm: (vmId: string) => (vmId === id ? ({ hostId: 'h1' } as Vm) : undefined) };

void test('what a hypervisor tells of its vms is heard, not what it tells of others, nor what is no event', () => {
  const events = new HypervisorEvents();
  const heard: HeardEvent[] = [];
  const take = (hostId: string, one: ToldEvent): void =>
    events.take({ inventory, log: silentLog }, hostId, [one]);
  take('h1', told);
  const stop = events.onTold((event) => heard.push(event));
  take('h2', told);
  take('h1', { ...told, fields: 'AAAA' });
  assert.deepEqual(heard, []);
  take('h1', told);
  assert.deepEqual(heard, [{ vmId: id, name: told.name, fields, place: 'virtio0:0' }]);
  stop();
  take('h1', told);
  assert.equal(heard.length, 1);
});

void test('what a hypervisor tells of its own things is heard as its, and counted, and what is no event is not', () => {
  const events = new HypervisorEvents();
  const heard: HeardOfHost[] = [];
  const stop = events.onToldOfHost((event) => heard.push(event));
  const of = { callbackID: 0, net: { name: 'default', uuid: id }, event: 2, detail: 0 };
  const name = 'NETWORK_EVENT_LIFECYCLE';
  const packed = packEvent(name, of).toString('base64');
  events.takeOfHost({ log: silentLog }, 'h1', [
    { name, fields: 'AAAA' },
    { name, fields: packed },
  ]);
  assert.deepEqual(heard, [{ hostId: 'h1', name, fields: of }]);
  assert.equal(events.heard, 2);
  stop();
  events.takeOfHost({ log: silentLog }, 'h1', [{ name, fields: packed }]);
  assert.equal(heard.length, 1);
});
