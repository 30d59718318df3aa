/** Hypervisors that others run: connected as hosts without an agent. */
import type { Host } from '#api';
import { command, type Command, type Options, type Run } from '../command.ts';
import { localTime, wasOrWouldBe } from '../output/human.ts';
import { readSecret } from '../secret.ts';

const connectionOptions = {
  user: {
    type: 'text',
    value: 'USER',
    meaning: 'name to log in with, where the hypervisor asks for one (SASL)',
  },
  password: { type: 'flag', meaning: 'ask for a password (or read it from standard input)' },
  'allow-unverified': {
    type: 'flag',
    meaning: 'allow an address with no_verify: certificate or host key are not checked',
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

/** For `host show`. */
export function describeConnection({ connection }: Host): readonly (readonly [string, string])[] {
  if (connection === null) return [];
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
      ? [['warning', 'certificate or host key may go unchecked'] as const]
      : []),
  ];
}

export const hostConnectionCommands: readonly Command[] = [
  command({
    name: 'host add',
    summary: 'connect a hypervisor that others run, over libvirt; nothing on it changes',
    args: [addressArgument],
    options: {
      name: { type: 'text', value: 'NAME', meaning: 'default: what the host calls itself' },
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
];
