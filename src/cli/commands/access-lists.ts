/** Access lists as text: written from an installation, and brought onto one (SEC-30). */
import { stringify } from 'yaml';
import type { Client } from '#api';
import { Fault } from '#lib';
import { grantObjectKinds } from '#api';
import {
  accessFormat,
  accessTextSchema,
  describeChange,
  planAccess,
  writeAccess,
  type AccessChange,
  type AccessLists,
} from '../access-text.ts';
import { command, type Command, type Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { readDocuments } from '../documents.ts';
import { collect } from '../lists.ts';

async function readLists(run: Run): Promise<AccessLists> {
  const all = { limit: undefined, query: { limit: 1000 } };
  const [roles, grants] = await Promise.all([
    collect(run, 'role.list', all),
    collect(run, 'grant.list', all),
  ]);
  return { roles, grants };
}

async function make(client: Client, change: AccessChange, signal: AbortSignal): Promise<void> {
  switch (change.kind) {
    case 'create-role': {
      const { name, meaning, rights } = change.role;
      await client.call('role.create', { body: { name, meaning, verbs: rights } }, signal);
      return;
    }
    case 'change-role': {
      const { id, version } = change.before;
      const { meaning, rights } = change.role;
      const body = { meaning, verbs: rights };
      await client.call('role.update', { params: { role: id }, body, ifMatch: version }, signal);
      return;
    }
    case 'create-grant': {
      const { user, group, role, on, deny } = change.grant;
      const [word = '', ...rest] = on.split(':');
      const objectKind = grantObjectKinds.find((kind) => kind === word) ?? 'installation';
      const subjectKind = user === undefined ? 'group' : 'user';
      const subject = user ?? group ?? '';
      const object = rest.join(':');
      const body = { subjectKind, subject, role, objectKind, object, deny } as const;
      await client.call('grant.create', { body }, signal);
      return;
    }
    case 'delete-grant':
      await client.call('grant.delete', { params: { grant: change.id } }, signal);
      return;
    case 'delete-role':
      await client.call('role.delete', { params: { role: change.before.id } }, signal);
      return;
  }
}

export const accessListCommands: readonly Command[] = [
  command({
    name: 'access export',
    summary: 'all roles and grants as text, to be kept and reviewed',
    examples: ['gantry access export > access.yaml'],
    async run(run) {
      const text = writeAccess(await readLists(run));
      run.out.line(
        run.format === 'json' ? JSON.stringify(text, null, 2) : stringify(text).trimEnd(),
      );
    },
  }),
  command({
    name: 'access apply',
    summary: 'make roles and grants as the text says; what it does not name is taken away',
    options: {
      file: {
        type: 'text',
        short: 'f',
        value: 'FILE',
        meaning: 'YAML or JSON; - is standard input',
      },
    },
    examples: [
      'gantry access apply -f access.yaml --dry-run',
      'gantry access apply -f access.yaml',
    ],
    async run(run) {
      const { client, options, out, dryRun, signal } = run;
      if (options.file === undefined)
        throw new Fault('invalid', 'access apply needs a file', {
          hint: 'gantry access apply -f access.yaml',
        });
      const [wanted, ...more] = await readDocuments(options.file, {
        schema: accessTextSchema,
        newestFormat: accessFormat,
        hint: 'the text begins as: gantry access export',
      });
      if (wanted === undefined || more.length > 0)
        throw new Fault('invalid', `${options.file} does not hold exactly one document`);
      const changes = planAccess(await readLists(run), wanted);
      for (const change of changes) out.line(describeChange(change));
      if (changes.some(({ kind }) => kind.startsWith('delete')) && !dryRun)
        await confirm(run, 'What begins with - is taken away. Go on?');
      if (!dryRun) for (const change of changes) await make(client, change, signal);
      out.line(`${changes.length} ${dryRun ? 'to change' : 'changed'}`);
    },
  }),
];
