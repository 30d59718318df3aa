/** What `up` says at its end: where the console is, how to sign in, what is there, and what to do next. */
import type { Client, Host, Vm } from '#api';
import type { Run } from '../command.ts';
import { answers } from './first-vm.ts';
import type { StartSettings } from './settings.ts';

interface WhatIsUp {
  readonly client: Client;
  readonly settings: StartSettings;
  readonly hosts: readonly Host[];
  readonly vm: Vm | undefined;
  /** What is there instead of the console. */
  readonly noConsole: string | undefined;
}

type Words = readonly (readonly [string, string])[];

const labelWidth = 10;

export async function greet({ out, signal }: Run, up: WhatIsUp): Promise<void> {
  const { client, settings, vm, noConsole } = up;
  const session = await client.call('session.show', {}, signal);
  const { code } = await client.call('user.link', { params: { user: session.user } }, signal);
  const { counts } = await client.call('installation.show', {}, signal);
  const facts: Words = [
    ['console', `${client.server}/`],
    ...(noConsole === undefined ? [] : [['', noConsole] as const]),
    ['sign in', `${client.server}/#link=${code}`],
    ['', out.typed('(works once, for 15 minutes; again with: gantry user link admin)')],
    ...describeHosts(up),
    ...(vm === undefined ? describeVms(counts.vms) : describeVm(vm)),
  ];
  out.line('');
  for (const [label, text] of facts) out.line(`  ${label.padEnd(labelWidth)}${text}`);
  out.line('');
  out.line('next:');
  const next = settings.simulate === null ? nextSteps(vm?.name ?? 'NAME') : stepsInFleet;
  const commands = next.map(([words, why]) => [out.typed(words), why] as const);
  const width = Math.max(...commands.map(([words]) => words.length));
  for (const [words, why] of commands) out.line(`  ${words.padEnd(width)}  ${why}`);
}

function describeHosts({ settings, hosts }: WhatIsUp): Words {
  const [host] = hosts;
  if (settings.simulate !== null) return [['hosts', `${hosts.length} simulated`]];
  if (host === undefined || host.facts === null) return [];
  const { use } = host.facts.acceleration;
  return [['host', `${host.name}, ${use === 'tcg' ? 'software emulation' : use}`]];
}

function describeVms(count: number): Words {
  return [['vms', count === 0 ? 'none yet' : count.toLocaleString('en')]];
}

function describeVm(vm: Vm): Words {
  const { guest, forwards } = vm.status;
  const answer = answers(vm)
    ? `, its guest answers, address ${guest?.addresses.join(', ') ?? ''}`
    : '';
  return [
    ['vm', `${vm.name} is ${vm.state}${answer}`],
    ...forwards.map(
      ({ hostAddress, hostPort, guestPort }) =>
        ['', `http://${hostAddress}:${hostPort}/ leads to its port ${guestPort}`] as const,
    ),
  ];
}

const nextSteps = (name: string): Words => [
  ['gantry vm list', 'all vms'],
  [`gantry vm console ${name}`, 'its serial console: root, password gantry; ctrl-] leaves'],
  [`gantry vm screenshot ${name} ${name}.png`, 'what its screen shows'],
  ['gantry vm create web-1 --image starter --start', 'another one'],
  ['gantry event watch', 'what happens, as it happens'],
];

/** Simulated vms have no guest to look at, and simulated hosts keep no images. */
const stepsInFleet: Words = [
  ['gantry host list', 'all hosts'],
  ['gantry vm list --limit 20', 'the first vms'],
  ['gantry vm create web-1 --start', 'another one'],
  ['gantry vm top', 'what they use, as it changes'],
  ['gantry event watch', 'what happens, as it happens'],
];
