/**
 * What hypervisors have beyond the functions of all drivers, by name (FED-08): one table. They are given what was asked as it is, and
 * know nothing of rights, so that the coordinator lets few ask.
 */
import { maxExtensionTextBytes, type Extension } from '#api';
import { Fault, isFault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { Handlers } from '../link/calls.ts';
import { asToldThere } from './as-told-there.ts';
import type { ForeignMachines } from './machines.ts';
import { networkExtensions } from './networks.ts';
import { poolExtensions } from './pools.ts';

interface Ask {
  readonly client: Client;
  readonly argument: string;
  readonly signal: AbortSignal;
}

type Entry = Omit<Extension, 'name' | 'of'> & { readonly drivers?: readonly string[] };
type OfVm = Entry & { readonly run: (ask: Ask, dom: DomainHandle) => Promise<string> };
export type OfHost = Entry & {
  readonly run: (ask: Ask) => Promise<string>;
  /** Networks and pools are among the facts of a host. */
  readonly changesFacts?: true;
};

/** virDomainQemuMonitorCommandFlags: as people write it, not as JSON. */
const forPeople = 1;
const agentTimeoutSeconds = 10;

const ofVms: Readonly<Record<string, OfVm>> = {
  'domain-xml': {
    meaning: 'the definition of the vm as its hypervisor has it now',
    argument: null,
    run: async ({ client, signal }, dom) =>
      (await client.call('DOMAIN_GET_XML_DESC', { dom, flags: 0 }, { signal })).xml,
  },
  'qemu-monitor-command': {
    meaning: "a command to QEMU's monitor",
    argument: 'JSON of QMP ({"execute": "query-status"}), else a line for people (info status)',
    drivers: ['qemu'],
    async run({ client, argument: cmd, signal }, dom) {
      const flags = cmd.trimStart().startsWith('{') ? 0 : forPeople;
      return (await client.call('QEMU_DOMAIN_MONITOR_COMMAND', { dom, cmd, flags }, { signal }))
        .result;
    },
  },
  'qemu-agent-command': {
    meaning: "a command to QEMU's agent in the guest",
    argument: 'JSON: {"execute": "guest-info"}',
    drivers: ['qemu'],
    async run({ client, argument: cmd, signal }, dom) {
      const args = { dom, cmd, timeout: agentTimeoutSeconds, flags: 0 };
      return (await client.call('QEMU_DOMAIN_AGENT_COMMAND', args, { signal })).result ?? '';
    },
  },
};

const ofHosts: Readonly<Record<string, OfHost>> = {
  capabilities: {
    meaning: 'what its hypervisor tells of itself and of its machine, as XML',
    argument: null,
    run: async ({ client, signal }) =>
      (await client.call('CONNECT_GET_CAPABILITIES', {}, { signal })).capabilities,
  },
  'node-devices': {
    meaning: 'the devices of its machine as its hypervisor tells of them, as XML',
    argument: null,
    run: ({ client, signal }) => listDevices(client, signal),
  },
  ...networkExtensions,
  ...poolExtensions,
};

const maxDevices = 4096;
const devicesAtOnce = 16;

/** Of one that has gone meanwhile nothing is told. Errors: those of the client. */
async function listDevices(client: Client, signal: AbortSignal): Promise<string> {
  const asked = { need_results: 1, flags: 0 };
  const { devices } = await client.call('CONNECT_LIST_ALL_NODE_DEVICES', asked, { signal });
  const waiting = devices.slice(0, maxDevices);
  const texts: string[] = [];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      try {
        const args = { name: one.name, flags: 0 };
        texts.push((await client.call('NODE_DEVICE_GET_XML_DESC', args, { signal })).xml);
      } catch (error) {
        if (!isFault(error, 'not-found')) throw error;
      }
  };
  await Promise.all(Array.from({ length: devicesAtOnce }, worker));
  return `<devices>\n${texts.toSorted().join('')}</devices>\n`;
}

/** `type` as libvirt's driver calls itself. */
export function extensionsOf(type: string): Extension[] {
  const list = (of: Extension['of'], entries: Readonly<Record<string, Entry>>): Extension[] =>
    Object.entries(entries).flatMap(([name, { meaning, argument, drivers }]) =>
      drivers?.includes(type.toLowerCase()) === false ? [] : [{ name, of, meaning, argument }],
    );
  return [...list('vm', ofVms), ...list('host', ofHosts)];
}

export interface ExtensionTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly hypervisor: () => string;
  /** The host tells of itself again. */
  readonly tellFacts: (signal: AbortSignal) => Promise<void>;
}

export function extensionVerbs({
  client,
  machines,
  hypervisor,
  tellFacts,
}: ExtensionTools): Pick<Handlers, 'machine.extension' | 'host.extension'> {
  return {
    async 'machine.extension'({ id, name, argument }, { signal }) {
      const { handle } = machines.find(id);
      const entry = find('vm', ofVms, hypervisor(), name, argument);
      const asked = { client, argument: argument ?? '', signal };
      return bounded(await entry.run(asked, handle).catch(asToldThere));
    },
    async 'host.extension'({ name, argument }, { signal }) {
      const entry = find('host', ofHosts, hypervisor(), name, argument);
      const asked = { client, argument: argument ?? '', signal };
      const output = await entry.run(asked).catch(asToldThere);
      if (entry.changesFacts) await tellFacts(signal);
      return bounded(output);
    },
  };
}

/** Errors: `not-found` naming those that there are; `invalid`. */
function find<E extends Entry>(
  of: Extension['of'],
  entries: Readonly<Record<string, E>>,
  type: string,
  name: string,
  argument: string | null,
): E {
  const there = extensionsOf(type).filter((one) => one.of === of);
  const entry = there.some((one) => one.name === name) ? entries[name] : undefined;
  if (entry === undefined)
    throw new Fault('not-found', `libvirt's driver for ${type} has no extension ${name}`, {
      hint: `it has for a ${of}: ${there.map((one) => one.name).join(', ')}`,
    });
  if (entry.argument !== null && (argument === null || argument === ''))
    throw new Fault('invalid', `the extension ${name} is given one text: ${entry.argument}`);
  if (entry.argument === null && argument !== null)
    throw new Fault('invalid', `the extension ${name} is given nothing`);
  return entry;
}

/** Errors: `too-large`. */
function bounded(output: string): { output: string } {
  if (output.length <= maxExtensionTextBytes) return { output };
  throw new Fault('too-large', `the hypervisor answers ${output.length} characters`);
}
