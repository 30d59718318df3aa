/**
 * What a guest tells of itself through its agent (GA-19, GA-25). Each part is asked for by
 * itself: an agent that lacks one still gives the others, and a part that was not answered,
 * because the guest is slow or its file systems are held, is as it was told before.
 */
import { macSchema, type MachineSample } from '#api';
import { isFault } from '#lib';
import { guest, readGuestFile, type GuestAgent } from '#qemu';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { domainOf, isSambaController, kerberosPath, sambaPath } from './domain.ts';

export type GuestInformation = NonNullable<MachineSample['guest']>;

export interface Asked {
  readonly agentVersion: string;
  readonly commands: ReadonlySet<string>;
  /** Of Gantry's own additions, where they are installed. */
  readonly additionsVersion: string | null;
  readonly information: GuestInformation;
  /** East of UTC, seconds. */
  readonly zoneSeconds: number | null;
  /** Part by part, for those that are not answered the next time. */
  readonly told: Told;
}

/** Undefined: the guest has no such thing, or its agent does not know the question. */
interface Told {
  readonly os?: Answer<typeof guest.getOsinfo>;
  readonly hostName?: Answer<typeof guest.getHostName>;
  readonly interfaces?: Answer<typeof guest.networkGetInterfaces>;
  readonly users?: Answer<typeof guest.getUsers>;
  readonly zone?: Answer<typeof guest.getTimezone>;
  readonly fileSystems?: Answer<typeof guest.getFsinfo>;
  readonly memory?: string | undefined;
  readonly samba?: string | undefined;
  readonly kerberos?: string | undefined;
  readonly additions?: string | undefined;
}

type Answer<F extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<F>> | undefined;

const perAnswerMs = 5_000;
const additionsPath = '/usr/share/gantry/additions.json';
const memoryPath = '/proc/meminfo';
const maxFileBytes = 64 * 1024;
const maxAddresses = 64;
const maxInterfaces = 32;

/**
 * With what the same guest told before, where it did.
 * Errors: those of the first question, by which it is known whether there is an agent at all.
 */
export async function askGuest(
  agent: GuestAgent,
  signal: AbortSignal,
  before: Told = {},
): Promise<Asked> {
  const options = { timeoutMs: perAnswerMs, signal };
  const { version, commands } = await guest.info(agent, options);
  const told = await askParts(agent, commands, options, before);
  const { os, hostName, interfaces, users, zone, fileSystems, samba, kerberos } = told;
  const memory = parseMemory(told.memory);
  const isLinux = memory.totalBytes !== null;
  return {
    agentVersion: version,
    commands,
    additionsVersion: parseAdditions(told.additions),
    zoneSeconds: zone?.offsetSeconds ?? null,
    told,
    information: {
      osName: (os?.prettyName ?? os?.name ?? null)?.slice(0, 256) ?? null,
      hostName: hostName?.slice(0, 256) ?? null,
      addresses: (interfaces ?? [])
        .flatMap(({ addresses }) => addresses.map(({ address }) => address))
        .filter(isTellingAddress)
        .slice(0, maxAddresses),
      interfaces: (interfaces ?? []).slice(0, maxInterfaces).flatMap(({ mac, addresses }) =>
        mac === undefined || !macSchema.safeParse(mac).success
          ? []
          : [
              {
                mac,
                addresses: addresses
                  .filter(({ address }) => isTellingAddress(address))
                  .slice(0, maxAddresses)
                  .map(({ address, prefixLength }) => ({ address, prefixLength })),
              },
            ],
      ),
      users: users?.map(({ name }) => name.slice(0, 128)).slice(0, 64) ?? null,
      timezone: zone?.name?.slice(0, 64) ?? null,
      domainController: isLinux ? isSambaController(samba) : null,
      domain: domainOf(samba, kerberos),
      clockOffsetMs: null,
      memoryTotalBytes: memory.totalBytes,
      memoryFreeBytes: memory.freeBytes,
      fileSystems: (fileSystems ?? []).slice(0, 64).map((one) => ({
        mountPoint: one.mountPoint.slice(0, 1024),
        type: one.type.slice(0, 64),
        totalBytes: one.totalBytes ?? null,
        usedBytes: one.usedBytes ?? null,
      })),
    },
  };
}

async function askParts(
  agent: GuestAgent,
  commands: ReadonlySet<string>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  before: Told,
): Promise<Told> {
  const ask = async <T>(
    command: string,
    known: T | undefined,
    work: () => Promise<T>,
  ): Promise<T | undefined> => {
    if (!commands.has(command)) return undefined;
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      // That it has none, or one that is too long, is an answer; silence is none, nor is a command that it
      // knows and refuses now: its file systems are held.
      const isAnswer = isFault(error, 'refused') || isFault(error, 'too-large');
      return isAnswer ? undefined : known;
    }
  };
  const read = (path: string, known: string | undefined): Promise<string | undefined> =>
    ask('guest-file-open', known, async () =>
      (await readGuestFile(agent, path, maxFileBytes, options)).toString('utf8'),
    );
  const os = await ask('guest-get-osinfo', before.os, () => guest.getOsinfo(agent, options));
  const hostName = await ask('guest-get-host-name', before.hostName, () =>
    guest.getHostName(agent, options),
  );
  const interfaces = await ask('guest-network-get-interfaces', before.interfaces, () =>
    guest.networkGetInterfaces(agent, options),
  );
  const users = await ask('guest-get-users', before.users, () => guest.getUsers(agent, options));
  const zone = await ask('guest-get-timezone', before.zone, () =>
    guest.getTimezone(agent, options),
  );
  const fileSystems = await ask('guest-get-fsinfo', before.fileSystems, () =>
    guest.getFsinfo(agent, options),
  );
  const memory = await read(memoryPath, before.memory);
  const isLinux = parseMemory(memory).totalBytes !== null;
  return {
    os,
    hostName,
    interfaces,
    users,
    zone,
    fileSystems,
    memory,
    samba: isLinux ? await read(sambaPath, before.samba) : undefined,
    kerberos: isLinux ? await read(kerberosPath, before.kerberos) : undefined,
    additions: await read(additionsPath, before.additions),
  };
}

/** Not loopback, not link-local. */
export function isTellingAddress(address: string): boolean {
  if (isIPv6(address)) return !/^(::1$|fe[89ab])/i.test(address);
  return !/^(127\.|169\.254\.)/.test(address);
}

/** Of Linux's /proc/meminfo. */
export function parseMemory(text: string | undefined): {
  readonly totalBytes: number | null;
  readonly freeBytes: number | null;
} {
  const read = (name: string): number | null => {
    const kiB = new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, 'm').exec(text ?? '')?.[1];
    return kiB === undefined ? null : Number(kiB) * 1024;
  };
  return { totalBytes: read('MemTotal'), freeBytes: read('MemAvailable') };
}

const additionsSchema = z.object({ version: z.string().regex(/^[\w.+-]{1,64}$/) });

function parseAdditions(text: string | undefined): string | null {
  try {
    return additionsSchema.parse(JSON.parse(text ?? '')).version;
  } catch {
    return null;
  }
}

/** Whether the one version is older than the other: numbers between dots, compared one by one. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => text.split(/[.+-]/).map((part) => Number(part) || 0);
  const [one, other] = [numbers(version), numbers(than)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
