/** What the dialog asks the server for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmImportSchema } from '#api';
import { firstChoices, importBody, importChoices, type ImportAnswers } from './import-body.ts';

const answers: ImportAnswers = {
  from: 'host',
  host: 'h1',
  path: '/srv/old/web.vmx',
  name: '',
  folder: '/old',
  networks: [],
  choices: firstChoices,
  start: false,
};

test('what nobody has answered is left to the server, and the rest is as the contract takes it', () => {
  const first = importBody(answers, '/srv/old/web.vmx');
  assert.deepEqual(first, {
    file: '/srv/old/web.vmx',
    host: 'h1',
    folder: '/old',
    networks: [],
    start: false,
    origin: 'moved',
    snapshots: 'flatten',
  });
  const { undo, savedState, takenAddresses, name } = vmImportSchema.parse(first);
  assert.deepEqual([undo, savedState, takenAddresses, name], Array(4).fill(undefined));
  const networks = ['lan', 'none'];
  assert.deepEqual(importBody({ ...answers, networks }, '/srv/web.vmx').networks, networks);
});

test('every choice that is offered is one of the contract, and is asked for', () => {
  for (const [key, values] of Object.entries(importChoices))
    for (const value of values.filter((one) => one !== '')) {
      const choices = { ...firstChoices, [key]: value };
      const body = importBody({ ...answers, choices }, '/srv/web.zip');
      const parsed: Readonly<Record<string, unknown>> = vmImportSchema.parse(body);
      assert.equal(parsed[key], value);
    }
});
