import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmHandOutSchema } from '#api';
import { exportBody, isOneFile, type ExportAnswers } from './export-body.ts';

const vm = { path: '/srv/vms/shop 1', name: 'shop 1/2' };
const answers: ExportAnswers = {
  as: 'ovf',
  path: '',
  moveToIde: false,
  discardState: false,
  signWith: '',
};

test('an export goes beside the vm unless somebody says where, as one file where there can be one', () => {
  const ova = exportBody(vm, answers);
  assert.deepEqual(ova, { as: 'ovf', path: '/srv/vms/shop 1-2.ova', moveToIde: false });
  assert.equal(isOneFile(ova), true);
  const esx = exportBody(vm, { ...answers, as: 'vmware-esx', signWith: '/k.pem', moveToIde: true });
  assert.deepEqual(esx, {
    as: 'vmware-esx',
    path: '/srv/vms/shop 1-2-vmware-esx',
    moveToIde: true,
  });
  assert.equal(isOneFile(esx), false);
  const signed = { ...answers, path: ' /out/a ', signWith: ' /k.pem ', discardState: true };
  const folder = exportBody(vm, signed);
  assert.deepEqual(folder, {
    as: 'ovf',
    path: '/out/a',
    moveToIde: false,
    savedState: 'discard',
    signWith: '/k.pem',
  });
  assert.equal(isOneFile(folder), false);
  for (const body of [ova, esx, folder]) assert.ok(vmHandOutSchema.safeParse(body).success);
});
