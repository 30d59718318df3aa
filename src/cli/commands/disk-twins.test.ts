/** What is done to a disk file here and what is done to one of a host are the same verbs with the same options. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskCommands } from './disk.ts';
import { commands } from './mod.ts';

/** Options of `gantry disk VERB` that its twin has under another name. */
const otherNames: Readonly<Record<string, string>> = {
  format: 'source-format',
  to: 'format',
};

/** Those that a twin need not have, and why. */
const notThere: Readonly<Record<string, string>> = {
  allow: 'the folders of a host are in its settings',
  verify: 'a host always reads both again',
  'no-sync': 'a host never calls done what the volume does not have',
  compact: 'a host always says what it would win',
  folder: 'it is the target of the twin',
};

/** Commands here whose words are divided among two there. */
const twins: Readonly<Record<string, readonly string[]>> = {
  create: ['host create-disk', 'host create-child-disk'],
};

const own = diskCommands.flatMap(({ name, options }) => {
  const verb = name.slice('disk '.length);
  const names = twins[verb] ?? [`host ${verb}-disk`];
  const found = commands.filter((command) => names.includes(command.name));
  return found.length === 0 ? [] : [{ verb, options, twins: found }];
});

test('each option of a verb on disk files is there for the disks of a host, too', () => {
  assert.ok(own.length >= 15, `${own.length} verbs have a twin`);
  for (const { verb, options, twins: found } of own) {
    const there = new Set(found.flatMap((command) => Object.keys(command.options)));
    const makes = verb === 'create';
    for (const name of Object.keys(options)) {
      if (notThere[name] !== undefined) continue;
      // a copy is gone on with unasked there; a commit is asked for
      if (name === 'resume' && verb !== 'commit') continue;
      // create has a parent as an argument there, and the format of what it makes as its own
      if (makes && name === 'parent') continue;
      const wanted = makes ? name : (otherNames[name] ?? name);
      assert.ok(there.has(wanted), `host ${verb}-disk lacks what gantry disk ${verb} --${name} is`);
    }
  }
});
