/** Users. Passwords are read from the terminal or standard input, never from argv. */
import { Fault } from '#lib';
import type { User } from '#api';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { localTime, wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { readSecret } from '../secret.ts';
import { userColumns } from './columns.ts';

const userArgument = { name: 'user', meaning: 'name or id', completes: 'user' } as const;

function describeUser(user: User): readonly (readonly [string, string])[] {
  const yesOrNo = (is: boolean): string => (is ? 'yes' : 'no');
  return [
    ['name', user.name],
    ['id', user.id],
    ['display name', user.displayName],
    ['groups', user.groups.join(', ') || '(no value)'],
    ['disabled', yesOrNo(user.disabled)],
    ['password', yesOrNo(user.hasPassword)],
    ['second factor', yesOrNo(user.hasSecondFactor)],
    ['created', localTime(user.createdAt)],
    ['last sign-in', localTime(user.lastSignInAt)],
  ];
}

export const userCommands = [
  command({
    name: 'user list',
    aliases: ['user ls'],
    summary: 'list users',
    options: listOptions,
    examples: ['gantry user list'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        userColumns,
        await collect(run, 'user.list', listQuery(run.options)),
        'no users',
      );
    },
  }),
  command({
    name: 'user show',
    summary: 'show a user',
    args: [userArgument],
    examples: ['gantry user show ada'],
    async run({ client, args, out, format, signal }) {
      const user = await client.call('user.show', { params: { user: args[0] ?? '' } }, signal);
      writeThing(out, format, user, describeUser(user));
    },
  }),
  command({
    name: 'user create',
    summary: 'create a user',
    args: [{ name: 'name', meaning: 'the name to sign in with' }],
    options: {
      'display-name': { type: 'text', value: 'TEXT', meaning: 'as shown to people' },
      group: { type: 'list', value: 'GROUP', meaning: 'a group the user is in' },
      password: { type: 'flag', meaning: 'ask for a password (or read it from standard input)' },
    },
    examples: ['gantry user create ada --group lab --password'],
    async run({ client, args, options, out, dryRun, signal }) {
      const password = options.password === true ? await readSecret(out, 'password: ') : undefined;
      const user = await client.call(
        'user.create',
        {
          body: {
            name: args[0] ?? '',
            displayName: options['display-name'] ?? '',
            groups: [...(options.group ?? [])],
            ...(password === undefined ? {} : { password }),
          },
        },
        signal,
      );
      out.line(`user ${user.name} ${wasOrWouldBe({ dryRun })} created`);
      if (password === undefined) out.hint(`gantry user link ${user.name}`);
    },
  }),
  command({
    name: 'user set',
    summary: "change a user's display name and groups",
    args: [userArgument],
    options: {
      'display-name': { type: 'text', value: 'TEXT', meaning: 'as shown to people' },
      group: { type: 'list', value: 'GROUP', meaning: 'a group the user is in, and no others' },
      'no-groups': { type: 'flag', meaning: 'takes the user out of all groups' },
    },
    examples: ['gantry user set ada --display-name "Ada Lovelace" --group lab --group night-shift'],
    async run({ client, args, options, out, dryRun, signal }) {
      const displayName = options['display-name'];
      const groups = options['no-groups'] === true ? [] : options.group;
      if (displayName === undefined && groups === undefined)
        throw new Fault('invalid', 'nothing to change was named', {
          hint: 'add --display-name, --group or --no-groups',
        });
      const changed = await client.call(
        'user.update',
        {
          params: { user: args[0] ?? '' },
          body: {
            ...(displayName === undefined ? {} : { displayName }),
            ...(groups === undefined ? {} : { groups: [...groups] }),
          },
        },
        signal,
      );
      out.line(`user ${changed.name} ${wasOrWouldBe({ dryRun })} changed`);
    },
  }),
  command({
    name: 'user password',
    summary: "set a user's password",
    args: [userArgument],
    examples: ['gantry user password ada'],
    async run({ client, args, out, signal }) {
      const password = await readSecret(out, 'new password: ');
      await client.call(
        'user.update',
        { params: { user: args[0] ?? '' }, body: { password } },
        signal,
      );
      out.line('the password was set');
    },
  }),
  command({
    name: 'user link',
    summary: 'make a one-time sign-in link',
    args: [userArgument],
    examples: ['gantry user link admin'],
    async run({ client, args, out, format, signal }) {
      const link = await client.call('user.link', { params: { user: args[0] ?? '' } }, signal);
      const url = `${client.server}/#link=${link.code}`;
      writeThing(out, format, { ...link, url }, [
        ['link', url],
        ['expires', localTime(link.expiresAt)],
      ]);
    },
  }),
  command({
    name: 'user disable',
    summary: 'disable a user',
    args: [userArgument],
    options: { undo: { type: 'flag', meaning: 'enable again' } },
    examples: ['gantry user disable ada'],
    async run({ client, args, options, out, dryRun, signal }) {
      const user = await client.call(
        'user.update',
        {
          params: { user: args[0] ?? '' },
          body: { disabled: options.undo !== true },
        },
        signal,
      );
      out.line(
        `user ${user.name} ${wasOrWouldBe({ dryRun })} ${user.disabled ? 'disabled' : 'enabled'}`,
      );
    },
  }),
  command({
    name: 'user delete',
    aliases: ['user rm'],
    summary: 'delete a user',
    args: [userArgument],
    examples: ['gantry user delete ada'],
    async run(run) {
      const user = run.args[0] ?? '';
      if (!run.dryRun) await confirm(run, 'Type the name to delete the user', user);
      await run.client.call('user.delete', { params: { user } }, run.signal);
      if (!run.dryRun) run.out.line(`user ${user} was deleted`);
    },
  }),
];
