/** Tokens, roles and grants. */
import { Fault } from '#lib';
import { grantObjectKinds, type Verb, verbs } from '#api';
import { command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { tokenCertificateCommand } from './token-certificate.ts';
import { grantColumns, roleColumns, tokenColumns } from './columns.ts';

const userArgument = { name: 'user', meaning: 'name or id', completes: 'user' } as const;

/** Errors: `invalid` for a word that is no right. */
export function verbList(text: string): Verb[] {
  return text.split(',').map((word) => {
    if (!Object.hasOwn(verbs, word))
      throw new Fault('invalid', `there is no right "${word.slice(0, 60)}"`, {
        hint: `rights: ${Object.keys(verbs).join(', ')}`,
      });
    return word as Verb;
  });
}

export const accessCommands = [
  command({
    name: 'token list',
    aliases: ['token ls'],
    summary: "list one's tokens",
    options: listOptions,
    examples: ['gantry token list'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        tokenColumns,
        await collect(run, 'token.list', listQuery(run.options)),
        'no tokens',
      );
    },
  }),
  command({
    name: 'token create',
    summary: 'make a token for a script; it is shown this once',
    args: [{ name: 'name', meaning: 'its name' }],
    options: {
      user: { type: 'text', value: 'USER', meaning: 'default: oneself' },
      rights: {
        type: 'text',
        value: 'RIGHTS',
        meaning: "only these, with commas; default: all of the user's",
      },
      days: {
        type: 'number',
        value: 'DAYS',
        meaning: 'how long it is valid; default: until revoked',
      },
    },
    examples: ['gantry token create backup --rights vm.view,vm.power --days 90'],
    async run({ client, args, options, out, format, signal }) {
      const made = await client.call(
        'token.create',
        {
          body: {
            name: args[0] ?? '',
            ...(options.user === undefined ? {} : { user: options.user }),
            verbs: options.rights === undefined ? null : verbList(options.rights),
            expiresInSeconds: options.days === undefined ? null : Math.round(options.days * 86400),
          },
        },
        signal,
      );
      if (format === 'json' || format === 'yaml') return writeThing(out, format, made, []);
      out.line(made.secret);
      out.hint('put it into GANTRY_TOKEN; it cannot be shown again');
    },
  }),
  command({
    name: 'token delete',
    aliases: ['token rm', 'token revoke'],
    summary: 'revoke a token',
    args: [{ name: 'token', meaning: 'name or id' }],
    examples: ['gantry token delete backup'],
    async run({ client, args, out, signal }) {
      await client.call('token.delete', { params: { token: args[0] ?? '' } }, signal);
      out.line(`token ${args[0] ?? ''} was revoked`);
    },
  }),
  tokenCertificateCommand,
  command({
    name: 'role list',
    aliases: ['role ls'],
    summary: 'list roles',
    options: listOptions,
    examples: ['gantry role list -o wide'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        roleColumns,
        await collect(run, 'role.list', listQuery(run.options)),
        'no roles',
      );
    },
  }),
  command({
    name: 'role show',
    summary: 'show a role with its rights',
    args: [{ name: 'role', meaning: 'name or id' }],
    examples: ['gantry role show vm-operator'],
    async run({ client, args, out, format, signal }) {
      const role = await client.call('role.show', { params: { role: args[0] ?? '' } }, signal);
      writeThing(out, format, role, [
        ['name', role.name],
        ['id', role.id],
        ['built in', role.builtIn ? 'yes' : 'no'],
        ['meaning', role.meaning],
        ...role.verbs.map((verb) => ['may', `${verb}: ${verbs[verb]}`] as const),
      ]);
    },
  }),
  command({
    name: 'role create',
    summary: 'create a role',
    args: [
      { name: 'name', meaning: 'its name' },
      { name: 'rights', meaning: 'with commas' },
    ],
    options: { meaning: { type: 'text', value: 'TEXT', meaning: 'what it is for' } },
    examples: ['gantry role create night-shift vm.view,vm.power --meaning "may start and stop"'],
    async run({ client, args, options, out, dryRun, signal }) {
      const role = await client.call(
        'role.create',
        {
          body: {
            name: args[0] ?? '',
            meaning: options.meaning ?? '',
            verbs: verbList(args[1] ?? ''),
          },
        },
        signal,
      );
      out.line(`role ${role.name} ${wasOrWouldBe({ dryRun })} created`);
    },
  }),
  command({
    name: 'role delete',
    aliases: ['role rm'],
    summary: 'delete a role',
    args: [{ name: 'role', meaning: 'name or id' }],
    examples: ['gantry role delete night-shift'],
    async run({ client, args, out, dryRun, signal }) {
      await client.call('role.delete', { params: { role: args[0] ?? '' } }, signal);
      if (!dryRun) out.line(`role ${args[0] ?? ''} was deleted`);
    },
  }),
  command({
    name: 'grant list',
    aliases: ['grant ls'],
    summary: 'who may do what on what',
    options: listOptions,
    examples: ['gantry grant list --filter "subject = ada"'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        grantColumns,
        await collect(run, 'grant.list', listQuery(run.options)),
        'no grants',
      );
    },
  }),
  command({
    name: 'grant create',
    summary: 'grant a role to a user or group',
    args: [
      { name: 'subject', meaning: 'name of the user or group', completes: 'user' },
      { name: 'role', meaning: 'name of the role' },
    ],
    options: {
      group: { type: 'flag', meaning: 'the subject is a group' },
      on: {
        type: 'text',
        value: 'KIND:NAME',
        meaning: 'folder:/lab, host:h1, vm:web-1, image:starter; default: everything',
      },
      deny: { type: 'flag', meaning: 'deny it; a denial wins over every grant' },
    },
    examples: [
      'gantry grant create ada vm-operator --on folder:/lab',
      'gantry grant create guests use --group --on vm:hello',
    ],
    async run({ client, args, options, out, dryRun, signal }) {
      const [word = '', ...rest] = (options.on ?? 'installation:').split(':');
      const kind = grantObjectKinds.find((name) => name === word);
      if (kind === undefined)
        throw new Fault('invalid', `rights cannot be granted on a "${word}"`, {
          hint: `KIND is one of: ${grantObjectKinds.join(', ')}`,
        });
      const grant = await client.call(
        'grant.create',
        {
          body: {
            subjectKind: options.group === true ? 'group' : 'user',
            subject: args[0] ?? '',
            role: args[1] ?? '',
            objectKind: kind,
            object: rest.join(':'),
            deny: options.deny === true,
          },
        },
        signal,
      );
      out.line(
        `${grant.role} ${wasOrWouldBe({ dryRun })} ${grant.deny ? 'denied' : 'granted'} to ${grant.subject}`,
      );
    },
  }),
  command({
    name: 'grant delete',
    aliases: ['grant rm'],
    summary: 'withdraw a grant',
    args: [{ name: 'grant', meaning: 'id' }],
    examples: ['gantry grant delete ID'],
    async run({ client, args, out, dryRun, signal }) {
      await client.call('grant.delete', { params: { grant: args[0] ?? '' } }, signal);
      if (!dryRun) out.line('the grant was withdrawn');
    },
  }),
  command({
    name: 'grant explain',
    summary: 'why somebody may or may not do something',
    args: [userArgument, { name: 'right', meaning: 'for example vm.power' }],
    options: {
      vm: { type: 'text', value: 'VM', meaning: 'on this vm' },
      host: { type: 'text', value: 'HOST', meaning: 'on this host' },
      folder: { type: 'text', value: 'PATH', meaning: 'on this folder' },
    },
    examples: ['gantry grant explain ada vm.power --vm web-1'],
    async run({ client, args, options, out, format, signal }) {
      const [verb] = verbList(args[1] ?? '');
      if (verb === undefined) return;
      const answer = await client.call(
        'right.explain',
        {
          query: {
            user: args[0] ?? '',
            verb,
            vm: options.vm,
            host: options.host,
            folder: options.folder,
          },
        },
        signal,
      );
      writeThing(out, format, answer, [
        ['answer', answer.allowed ? 'allowed' : 'not allowed'],
        ...answer.because.map(
          (entry) =>
            [
              'because',
              `${entry.deny ? 'denied' : 'granted'} ${entry.role} to ${entry.subject} on ${entry.object}`,
            ] as const,
        ),
      ]);
    },
  }),
  command({
    name: 'grant rights',
    summary: 'which rights one has oneself',
    options: {
      vm: { type: 'text', value: 'VM', meaning: 'on this vm' },
      host: { type: 'text', value: 'HOST', meaning: 'on this host' },
      image: { type: 'text', value: 'IMAGE', meaning: 'on this image' },
      folder: { type: 'text', value: 'PATH', meaning: 'on this folder' },
      team: { type: 'text', value: 'TEAM', meaning: 'on this team, and on all its vms' },
    },
    examples: ['gantry grant rights', 'gantry grant rights --vm web-1'],
    async run({ client, options, out, format, signal }) {
      const { vm, host, image, folder, team } = options;
      const query = { vm, host, image, folder, team };
      const held = await client.call('right.held', { query }, signal);
      const tell = (right: string): readonly [string, string] => [right, verbs[right as Verb]];
      writeThing(out, format, held, held.verbs.map(tell));
      if (held.verbs.length === 0) out.hint('none here; ask an administrator for a role');
    },
  }),
];
