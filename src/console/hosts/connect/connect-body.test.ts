import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostAddSchema, hostConnectSchema } from '#api';
import { addBody, connectBody, noAnswers } from './connect-body.ts';

test('what nobody answered is not in the request, and a password is as it was typed', () => {
  const address = ' qemu+ssh://root@h1/system ';
  const least = addBody({ ...noAnswers, address });
  assert.deepEqual(least, { address: 'qemu+ssh://root@h1/system', allowUnverified: false });
  assert.ok(hostAddSchema.safeParse(least).success);
  const all = {
    address: 'qemu+tcp://h1/system',
    name: ' rack-1 ',
    user: ' ada ',
    password: ' secret ',
    allowUnverified: true,
    managerUrl: ' https://h1.example/ ',
  };
  const whole = addBody(all);
  assert.deepEqual(whole, {
    address: 'qemu+tcp://h1/system',
    name: 'rack-1',
    user: 'ada',
    password: ' secret ',
    allowUnverified: true,
    managerUrl: 'https://h1.example/',
  });
  assert.ok(hostAddSchema.safeParse(whole).success);
  assert.ok(hostConnectSchema.safeParse(connectBody(all)).success);
});
