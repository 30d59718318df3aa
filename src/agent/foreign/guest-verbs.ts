/** What the guest of a foreign vm is asked through the agent that its hypervisor knows. */
import { describeFault, Fault, isFault } from '#lib';
import { libvirtFacts, type Client, type DomainHandle } from '#libvirt';
import type { Handlers } from '../link/calls.ts';
import type { ForeignMachines } from './machines.ts';

/** VIR_DOMAIN_TIME_SYNC: from the real-time clock of the machine. */
const fromHardware = 1;
/** VIR_DOMAIN_PASSWORD_ENCRYPTED. */
const encrypted = 1;
/** virDomainMemoryFlags. */
const memorySpaces = { virtual: 1, physical: 2 } as const;

export function guestVerbs({
  client,
  machines,
}: {
  readonly client: Client;
  readonly machines: ForeignMachines;
}): Pick<
  Handlers,
  'machine.clock' | 'machine.freeze' | 'machine.trim' | 'machine.memory' | 'machine.password'
> {
  const stateOf = async (dom: DomainHandle, signal: AbortSignal): Promise<'thawed' | 'frozen'> => {
    try {
      await client.call('DOMAIN_GET_TIME', { dom, flags: 0 }, { signal });
      return 'thawed';
    } catch (error) {
      if (isFrozen(error)) return 'frozen';
      throw withoutAgent(dom.name, error);
    }
  };
  const mountpointsOf = async (
    set: 'FREEZE' | 'THAW',
    dom: DomainHandle,
    mountpoints: readonly string[],
    signal: AbortSignal,
  ): Promise<number> => {
    try {
      const asked = { dom, mountpoints, flags: 0 };
      return (await client.call(`DOMAIN_FS${set}`, asked, { signal })).filesystems;
    } catch (error) {
      // It is so already.
      if (isFrozen(error)) return 0;
      throw withoutAgent(dom.name, error);
    }
  };
  return {
    async 'machine.freeze'({ id, set, mountPoints, limitSeconds }, { signal }) {
      const dom = machines.find(id).handle;
      if (limitSeconds !== null)
        throw new Fault(
          'unsupported',
          `no libvirt host lets file systems of ${dom.name} go by itself`,
          {
            hint: 'freeze without a limit, and thaw when what needs it is done',
          },
        );
      if (set === null)
        return { state: await stateOf(dom, signal), fileSystems: null, untilMs: null };
      const verb = set === 'frozen' ? 'FREEZE' : 'THAW';
      const fileSystems = await mountpointsOf(verb, dom, mountPoints, signal);
      return { state: set, fileSystems, untilMs: null };
    },
    async 'machine.trim'({ id, minimumBytes }, { signal }) {
      const dom = machines.find(id).handle;
      try {
        const asked = { dom, mountPoint: null, minimum: BigInt(minimumBytes), flags: 0 };
        await client.call('DOMAIN_FSTRIM', asked, { signal });
        return { fileSystems: [] };
      } catch (error) {
        throw withoutAgent(dom.name, error);
      }
    },
    async 'machine.password'({ id, user, password, isEncrypted }, { signal }) {
      const dom = machines.find(id).handle;
      const flags = isEncrypted ? encrypted : 0;
      try {
        await client.call('DOMAIN_SET_USER_PASSWORD', { dom, user, password, flags }, { signal });
        return {};
      } catch (error) {
        throw withoutAgent(dom.name, error);
      }
    },
    async 'machine.memory'({ id, at, bytes, space }, { signal }) {
      const dom = machines.find(id).handle;
      const asked = { dom, offset: BigInt(at), size: bytes, flags: memorySpaces[space] };
      const { buffer } = await client.call('DOMAIN_MEMORY_PEEK', asked, { signal });
      return { bytes: Buffer.from(buffer).toString('base64') };
    },
    async 'machine.clock'({ id, set }, { signal }) {
      const dom = machines.find(id).handle;
      try {
        if (set !== null)
          await client.call('DOMAIN_SET_TIME', { dom, ...settingOf(set) }, { signal });
        const told = await client.call('DOMAIN_GET_TIME', { dom, flags: 0 }, { signal });
        return { timeMs: timeMsOf(told) };
      } catch (error) {
        throw withoutAgent(dom.name, error);
      }
    },
  };
}

export function timeMsOf(told: { readonly seconds: bigint; readonly nseconds: number }): number {
  return Number(told.seconds) * 1000 + Math.floor(told.nseconds / 1e6);
}

/** A time of the guest's, in the parts that libvirt has for it. */
export function settingOf(set: string): {
  readonly seconds: bigint;
  readonly nseconds: number;
  readonly flags: number;
} {
  if (set === 'hardware') return { seconds: 0n, nseconds: 0, flags: fromHardware };
  const timeMs = Date.parse(set);
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nseconds: (timeMs - seconds * 1000) * 1e6, flags: 0 };
}

/**
 * An agent that holds file systems still answers little else, and says why. libvirt has no question for it; its way around its own
 * agent marks the domain as tampered with.
 */
function isFrozen(error: unknown): boolean {
  return (
    isFault(error) && libvirtFacts(error) !== undefined && /frozen state/.test(describeFault(error))
  );
}

/** A domain without a channel for an agent is told by the same word as one that cannot be configured. */
const silent: readonly (string | undefined)[] = ['AGENT_UNRESPONSIVE', 'ARGUMENT_UNSUPPORTED'];

function withoutAgent(name: string, error: unknown): unknown {
  if (!isFault(error) || !silent.includes(libvirtFacts(error)?.name)) return error;
  return new Fault('unavailable', `no guest agent of ${name} answers its hypervisor`, {
    cause: error,
    hint: 'install qemu-guest-agent in the guest, and give the vm its channel',
  });
}
