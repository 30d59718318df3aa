/**
 * What a guest tells of itself through its agent (GA-19, GA-25). Each part is asked for by
 * itself: an agent that lacks one still gives the others.
 */
import { macSchema, type MachineSample } from '#api';
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
}

const perAnswerMs = 5_000;
const additionsPath = '/usr/share/gantry/additions.json';
const memoryPath = '/proc/meminfo';
const maxFileBytes = 64 * 1024;
const maxAddresses = 64;
const maxInterfaces = 32;

/** Errors: those of the first question, by which it is known whether there is an agent at all. */
export async function askGuest(agent: GuestAgent, signal: AbortSignal): Promise<Asked> {
  const options = { timeoutMs: perAnswerMs, signal };
  const { version, commands } = await guest.info(agent, options);
  const ask = async <T>(command: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (!commands.has(command)) return undefined;
    try {
      return await work();
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  };
  const os = await ask('guest-get-osinfo', () => guest.getOsinfo(agent, options));
  const hostName = await ask('guest-get-host-name', () => guest.getHostName(agent, options));
  const interfaces = await ask('guest-network-get-interfaces', () =>
    guest.networkGetInterfaces(agent, options),
  );
  const users = await ask('guest-get-users', () => guest.getUsers(agent, options));
  const zone = await ask('guest-get-timezone', () => guest.getTimezone(agent, options));
  const fileSystems = await ask('guest-get-fsinfo', () => guest.getFsinfo(agent, options));
  const read = (path: string): Promise<string | undefined> =>
    ask('guest-file-open', async () =>
      (await readGuestFile(agent, path, maxFileBytes, options)).toString('utf8'),
    );
  const memory = parseMemory(await read(memoryPath));
  const isLinux = memory.totalBytes !== null;
  const samba = isLinux ? await read(sambaPath) : undefined;
  const kerberos = isLinux ? await read(kerberosPath) : undefined;
  return {
    agentVersion: version,
    commands,
    additionsVersion: parseAdditions(await read(additionsPath)),
    zoneSeconds: zone?.offsetSeconds ?? null,
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
