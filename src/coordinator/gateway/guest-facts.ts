/** What a guest's agent told last, in the words of virDomainGetGuestInfo; what it did not tell is left out. Pure. */
import type { Vm } from '#api';
import { libvirtFault, stringParam, uhyperParam, uintParam, type TypedParam } from '#libvirt';

type Guest = NonNullable<Vm['status']['guest']>;
type Write = (guest: Guest) => readonly TypedParam[];

/** So that what all groups tell fits a list of 2048. */
const maxAddresses = 16;

/** virDomainGuestInfoTypes. */
const groups: readonly (readonly [type: number, write: Write])[] = [
  [1, writeUsers],
  [2, ({ osName }) => text('os.pretty-name', osName)],
  [4, ({ timezone }) => text('timezone.name', timezone)],
  [8, ({ hostName }) => text('hostname', hostName)],
  [16, writeFileSystems],
  [64, writeInterfaces],
];
const allTypes = groups.reduce((sum, [type]) => sum | type, 0);

/** `types`: 0 for all. Errors: OPERATION_UNSUPPORTED for one that no agent is asked for. */
export function guestFactsOf(guest: Guest, types: number): TypedParam[] {
  if ((types & ~allTypes) !== 0)
    throw libvirtFault('OPERATION_UNSUPPORTED', 'guests are not asked for their disks');
  const wanted = types === 0 ? allTypes : types;
  return groups.flatMap(([type, write]) => ((wanted & type) === 0 ? [] : write(guest)));
}

function writeUsers({ users }: Guest): readonly TypedParam[] {
  if (users === null) return [];
  const names = users.map((name, index) => stringParam(`user.${index}.name`, name));
  return [uintParam('user.count', users.length), ...names];
}

function writeFileSystems({ fileSystems }: Guest): readonly TypedParam[] {
  const each = fileSystems.flatMap(({ mountPoint, type, totalBytes, usedBytes }, index) => [
    stringParam(`fs.${index}.mountpoint`, mountPoint),
    stringParam(`fs.${index}.fstype`, type),
    ...bytes(`fs.${index}.total-bytes`, totalBytes),
    ...bytes(`fs.${index}.used-bytes`, usedBytes),
  ]);
  return [uintParam('fs.count', fileSystems.length), ...each];
}

function writeInterfaces({ interfaces }: Guest): readonly TypedParam[] {
  const each = interfaces.flatMap(({ mac, addresses }, index) => {
    const some = addresses.slice(0, maxAddresses);
    return [
      stringParam(`if.${index}.hwaddr`, mac),
      uintParam(`if.${index}.addr.count`, some.length),
      ...some.flatMap(({ address, prefixLength }, at) => [
        stringParam(`if.${index}.addr.${at}.type`, address.includes(':') ? 'ipv6' : 'ipv4'),
        stringParam(`if.${index}.addr.${at}.addr`, address),
        uintParam(`if.${index}.addr.${at}.prefix`, prefixLength),
      ]),
    ];
  });
  return [uintParam('if.count', interfaces.length), ...each];
}

function text(field: string, value: string | null): readonly TypedParam[] {
  return value === null ? [] : [stringParam(field, value)];
}

function bytes(field: string, value: number | null): readonly TypedParam[] {
  return value === null ? [] : [uhyperParam(field, BigInt(Math.floor(value)))];
}
