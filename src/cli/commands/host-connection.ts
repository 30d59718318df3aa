/** Hypervisors that others run: connected as hosts without an agent. */
import type { Host } from '#api';
import { Fault } from '#lib';
import { command, type Command, type Options, type Run } from '../command.ts';
import { localTime, wasOrWouldBe } from '../output/human.ts';
import { readSecret } from '../secret.ts';
import { openInBrowser } from '../open-in-browser.ts';

const connectionOptions = {
  user: {
    type: 'text',
    value: 'USER',
    meaning: 'name to log in with, where the hypervisor asks for one (SASL)',
  },
  password: { type: 'flag', meaning: 'ask for a password (or read it from standard input)' },
  'allow-unverified': {
    type: 'flag',
    meaning:
      'allow an address with no_verify, so that certificate or host key are not checked, or plain TCP to another machine',
  },
} as const satisfies Options;

const addressArgument = {
  name: 'address',
  meaning: 'libvirt connection address, or the name of a machine',
} as const;

/** How a hypervisor is reached, as the API takes it. */
async function reach(
  { options, out }: Run<typeof connectionOptions>,
  address: string,
): Promise<{
  readonly address: string;
  readonly user?: string;
  readonly password?: string;
  readonly allowUnverified: boolean;
}> {
  return {
    address,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === true ? { password: await readSecret(out, 'password: ') } : {}),
    allowUnverified: options['allow-unverified'] === true,
  };
}

function describeManager(url: string | null): readonly (readonly [string, string])[] {
  return url === null ? [] : [['managed at', url]];
}

/** For `host show`. */
export function describeConnection({
  connection,
  managerUrl,
}: Host): readonly (readonly [string, string])[] {
  if (connection === null) return describeManager(managerUrl);
  const { address, user, state, latencyMs, lastError, verification } = connection;
  const latency = latencyMs === null ? '' : `, ${latencyMs.toFixed(1)} ms`;
  return [
    ['address', address],
    ...(user === null ? [] : [['user', user] as const]),
    ['connection', `${state}${latency}`],
    ...(lastError === null
      ? []
      : [['last error', `${localTime(lastError.at)} ${lastError.message}`] as const]),
    ...(verification === 'none-allowed'
      ? [['warning', 'nobody checks that it is who it claims to be'] as const]
      : []),
    ...describeManager(managerUrl),
  ];
}

export const hostConnectionCommands: readonly Command[] = [
  command({
    name: 'host add',
    summary: 'connect a hypervisor that others run, over libvirt; nothing on it changes',
    args: [addressArgument],
    options: {
      name: { type: 'text', value: 'NAME', meaning: 'default: what the host calls itself' },
      'manager-url': {
        type: 'text',
        value: 'URL',
        meaning: 'web interface with which others manage it, for: gantry host open',
      },
      ...connectionOptions,
    },
    examples: [
      'gantry host add qemu+ssh://root@h1/system',
      'gantry host add qemu:///system --name this-machine',
      'gantry host add h1',
    ],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const body = {
        ...(await reach(run, args[0] ?? '')),
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options['manager-url'] === undefined ? {} : { managerUrl: options['manager-url'] }),
      };
      const host = await client.call('host.add', { body }, signal);
      out.line(`host ${host.name} ${wasOrWouldBe({ dryRun })} connected`);
      if (!dryRun) out.hint(`gantry host show ${host.name}`);
    },
  }),
  command({
    name: 'host connect',
    summary: 'change how a connected hypervisor is reached; its vms stay who they are',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }, addressArgument],
    options: connectionOptions,
    examples: ['gantry host connect h1 qemu+tls://h1.example.org/system'],
    async run(run) {
      const { args, client, out, dryRun, signal } = run;
      const params = { host: args[0] ?? '' };
      const body = await reach(run, args[1] ?? '');
      const host = await client.call('host.connect', { params, body }, signal);
      out.line(`the connection of host ${host.name} ${wasOrWouldBe({ dryRun })} changed`);
    },
  }),
  command({
    name: 'host open',
    summary: 'open the web interface with which others manage a hypervisor',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options: { print: { type: 'flag', meaning: 'say its address only' } },
    examples: ['gantry host open h1', 'gantry host open h1 --print'],
    async run({ args, options, client, out, signal }) {
      const params = { host: args[0] ?? '' };
      const { name, managerUrl } = await client.call('host.show', { params }, signal);
      if (managerUrl === null)
        throw new Fault('not-found', `host ${name} has no web interface that Gantry knows`, {
          hint: `say where it is: gantry host set ${name} managerUrl=https://…`,
        });
      out.line(managerUrl);
      if (options.print === true) return;
      const why = await openInBrowser(managerUrl);
      if (why !== undefined) out.note(why);
    },
  }),
];
