/** What a guest tells through its hypervisor (virDomainGetGuestInfo), in Gantry's words. Pure. What is not told is null or not there. */
import { macSchema, type MachineSample } from '#api';
import { paramNumber, paramsByName, paramString, type TypedParam } from '#libvirt';
import { isTellingAddress } from '../drivers/qemu/guest/information.ts';

export type GuestInformation = NonNullable<MachineSample['guest']>;

/** Each list as long as the contract has it. */
const most = { users: 64, interfaces: 32, addresses: 64, fileSystems: 64 } as const;

export function readGuestInformation(params: readonly TypedParam[]): GuestInformation {
  const byName = paramsByName(params);
  const text = (name: string, length: number): string | null =>
    paramString(byName.get(name))?.slice(0, length) ?? null;
  const number = (name: string): number | null => paramNumber(byName.get(name)) ?? null;
  const each = <T>(count: string, limit: number, read: (index: number) => readonly T[]): T[] => {
    const told = Math.min(number(count) ?? 0, limit);
    return Array.from({ length: Math.max(0, told) }, (_, index) => read(index)).flat();
  };
  const interfaces = each('if.count', most.interfaces, (index) => {
    const { data: mac } = macSchema.safeParse(text(`if.${index}.hwaddr`, 64)?.toLowerCase());
    if (mac === undefined) return [];
    const addresses = each(`if.${index}.addr.count`, most.addresses, (at) => {
      const address = text(`if.${index}.addr.${at}.addr`, 64);
      const prefixLength = number(`if.${index}.addr.${at}.prefix`) ?? 0;
      if (address === null || !isTellingAddress(address)) return [];
      return [{ address, prefixLength: Math.min(128, Math.max(0, prefixLength)) }];
    });
    return [{ mac, addresses }];
  });
  return {
    osName: text('os.pretty-name', 256) ?? text('os.name', 256),
    hostName: text('hostname', 256),
    addresses: interfaces
      .flatMap(({ addresses }) => addresses.map(({ address }) => address))
      .slice(0, most.addresses),
    interfaces,
    users: byName.has('user.count')
      ? each('user.count', most.users, (index) => [text(`user.${index}.name`, 128) ?? ''])
      : null,
    timezone: text('timezone.name', 64),
    domainController: null,
    domain: null,
    clockOffsetMs: null,
    memoryTotalBytes: null,
    memoryFreeBytes: null,
    fileSystems: each('fs.count', most.fileSystems, (index) => {
      const mountPoint = text(`fs.${index}.mountpoint`, 1024);
      if (mountPoint === null) return [];
      return [
        {
          mountPoint,
          type: text(`fs.${index}.fstype`, 64) ?? '',
          totalBytes: number(`fs.${index}.total-bytes`),
          usedBytes: number(`fs.${index}.used-bytes`),
        },
      ];
    }),
  };
}
