/** Taps: made for one account, so that it may open them and nobody else; found by their aliases. */
import { readLinks } from './links.ts';
import { freeName, makeLink, readAlias, unfinishedName, writeAlias } from './names.ts';
import { run, type Programs } from './programs.ts';

const maxNames = 16;

interface TapHost {
  readonly programs: Programs;
  readonly hostId: string;
}

/** Answers its interface. One of the same cable that is there already is another process's, which has ended. */
export async function makeTap(
  { programs: { ip }, hostId }: TapHost,
  { vm, slot, uid }: { readonly vm: string; readonly slot: number; readonly uid: number },
): Promise<string> {
  const links = await readLinks(ip);
  const purpose = { kind: 'adapter', vm, slot } as const;
  const alias = writeAlias(hostId, purpose);
  const old = links.find((link) => link.alias === alias);
  if (old !== undefined) await run(ip, ['link', 'del', 'dev', old.name]);
  const taken = new Set(links.map(({ name }) => name));
  for (let attempt = 0; ; attempt += 1) {
    const name = freeName('adapter', taken);
    try {
      const mode = ['mode', 'tap', 'user', String(uid), 'vnet_hdr'];
      const make = (made: string): readonly string[] => ['tuntap', 'add', 'dev', made, ...mode];
      for (const call of makeLink(hostId, { name, purpose }, make)) await run(ip, call);
      await run(ip, ['link', 'set', 'dev', name, 'up']);
      return name;
    } catch (error) {
      await run(ip, ['link', 'del', 'dev', unfinishedName(hostId)]).catch(() => '');
      // Another installation on the same machine may have been faster with the name.
      if (attempt >= maxNames) throw error;
      taken.add(name);
    }
  }
}

/** Those of a machine, by slot. */
export async function findTaps(
  { programs: { ip }, hostId }: TapHost,
  vm: string,
): Promise<Map<number, string>> {
  const taps = new Map<number, string>();
  for (const { name, alias } of await readLinks(ip)) {
    const purpose = readAlias(hostId, alias);
    if (purpose?.kind === 'adapter' && purpose.vm === vm) taps.set(purpose.slot, name);
  }
  return taps;
}
