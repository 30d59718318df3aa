/** `virsh blkdeviotune`: the limits of a disk. What is set is a change of the disk, which its host carries out at once. */
import type { Vm } from '#api';
import { iotuneOf, iotuneWords } from '#foreign';
import {
  libvirtFault,
  paramNumber,
  stringParam,
  uhyperParam,
  type Handlers,
  type TypedParam,
} from '#libvirt';
import type { BlockDevice } from '../domain-xml/domain-devices.ts';
import { requireActive, type Connection } from './connection.ts';
import { requireLimits } from './define/iotune-wish.ts';
import { deviceAt } from './statistics-calls.ts';

type Calls = Pick<Handlers, `DOMAIN_${'GET' | 'SET'}_BLOCK_IO_TUNE`>;

/** VIR_DOMAIN_AFFECT_LIVE. */
const onlyLive = 1;
/** Behind it in libvirt's order; every disk has limits of its own, so that it is in no group. */
const beforeGroup = 'size_iops_sec';

export function blockTuneCalls(connection: Connection): Calls {
  const find = (
    uuid: string,
    path: string,
    flags: number,
  ): { readonly vm: Vm; readonly disk: BlockDevice } => {
    const vm = connection.find(uuid);
    if ((flags & onlyLive) !== 0) requireActive(vm);
    const { device } = deviceAt(connection, vm, path);
    if (device.device === 'disk') return { vm, disk: device };
    throw libvirtFault('OPERATION_UNSUPPORTED', `${device.target} is a drive: disks have limits`);
  };
  return {
    DOMAIN_GET_BLOCK_IO_TUNE: ({ dom, disk: path, nparams, flags }) => {
      // A client asks how many there are, first, and may leave out of what.
      const limits = path === null ? undefined : find(dom.uuid, path, flags).disk.limits;
      if (path === null) connection.find(dom.uuid);
      const params = paramsOf(iotuneOf(limits));
      return { params: params.slice(0, Math.max(0, nparams)), nparams: params.length };
    },
    DOMAIN_SET_BLOCK_IO_TUNE: async ({ dom, disk: path, params, flags }, { signal }) => {
      const { vm, disk } = find(dom.uuid, path, flags);
      const wanted = withFamilies(iotuneOf(disk.limits), toldIn(params));
      const limits = requireLimits(wanted) ?? null;
      const place = `${disk.bus}${disk.controller}:${disk.position}`;
      const asked = { params: { vm: vm.id, place }, body: { limits } };
      await connection.work('vm.disk.change', asked, signal);
      return {};
    },
  };
}

function paramsOf(told: ReadonlyMap<string, number>): TypedParam[] {
  return iotuneWords.flatMap((word) => {
    const param = uhyperParam(word, told.get(word) ?? 0);
    return word === beforeGroup ? [param, stringParam('group_name', '')] : [param];
  });
}

/** Errors: INVALID_ARG; OPERATION_UNSUPPORTED for a group. */
function toldIn(params: readonly TypedParam[]): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const param of params) {
    const { field } = param;
    if (field === 'group_name')
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        'group_name is not kept: every disk has limits of its own',
      );
    const value = paramNumber(param);
    if (value === undefined || !iotuneWords.includes(field))
      throw libvirtFault(
        'INVALID_ARG',
        `invalid argument: parameter '${field.slice(0, 80)}' not supported`,
      );
    told.set(field, value);
  }
  return told;
}

/** Bytes or operations, of limits, of bursts or of how long these last. */
const familyOf = (word: string): string => word.replace(/^(total|read|write)_/, '');

/**
 * As libvirt's driver for QEMU does (qemuDomainSetBlockIoTuneDefaults): what nothing of its family is said of stays, of the
 * others of a family that something is said of there is none. How long a burst lasts goes with the burst.
 */
function withFamilies(
  before: ReadonlyMap<string, number>,
  told: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const families = new Set([...told.keys()].map(familyOf));
  const kept = [...before].filter(([word]) => !families.has(familyOf(word)));
  const all = new Map([...kept, ...told]);
  for (const [word] of kept) {
    const burst = word.replace(/_length$/, '');
    if (burst !== word && (all.get(burst) ?? 0) === 0) all.delete(word);
  }
  return all;
}
