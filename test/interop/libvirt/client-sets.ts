/**
 * What libvirt's clients ask: the numbers of the procedures that virsh, virt-manager and scripts of libvirt's own were seen to use,
 * set by set (recorded by a decoding proxy from clients of libvirt 9.0), and those that Gantry answers with a reason alone.
 */
import { procedureNames, procedures, type DomainHandle, type ProcedureName } from '#libvirt';
import type { Fields, Shape } from '../../../src/libvirt/wire/shape.ts';

/** Of the program `remote`. */
const sets = {
  'virsh, to read': [
    3, 4, 5, 6, 7, 14, 15, 16, 19, 20, 22, 23, 24, 43, 44, 45, 46, 56, 57, 58, 59, 65, 84, 86, 87,
    88, 89, 95, 98, 99, 100, 101, 102, 110, 113, 114, 115, 121, 122, 150, 151, 152, 153, 154, 155,
    156, 157, 159, 175, 177, 183, 186, 189, 194, 198, 200, 203, 206, 212, 227, 228, 229, 230, 243,
    244, 246, 253, 255, 257, 262, 263, 265, 271, 272, 273, 274, 277, 280, 281, 282, 283, 284, 285,
    286, 287, 293, 298, 312, 316, 317, 337, 341, 342, 344, 349, 351, 353, 360, 361, 365, 401, 403,
    404, 415, 418, 422, 426,
  ],
  'virsh, to act': [
    9, 10, 11, 12, 27, 28, 29, 30, 31, 33, 34, 35, 39, 40, 41, 42, 48, 49, 53, 54, 55, 76, 77, 78,
    79, 80, 81, 82, 83, 90, 93, 94, 96, 97, 125, 160, 161, 163, 164, 174, 182, 184, 185, 187, 190,
    191, 192, 193, 199, 201, 204, 208, 209, 210, 211, 226, 231, 234, 235, 237, 238, 240, 245, 251,
    258, 259, 260, 264, 290, 291, 302, 303, 304, 305, 306, 307, 345, 358, 388, 411, 412, 413, 417,
    421,
  ],
  'virt-manager': [111, 112, 313, 368, 374, 436],
  'complete clients': [
    8, 13, 18, 21, 25, 26, 32, 36, 37, 38, 50, 51, 52, 71, 72, 73, 74, 91, 92, 103, 104, 142, 144,
    146, 178, 179, 207, 220, 236, 242, 254, 256, 380,
  ],
} as const satisfies Readonly<Record<string, readonly number[]>>;

const asked = new Set<number>(Object.values(sets).flat());

/** What ends a guest's work takes its time, and is done by the tests beside this. */
const stops = /^DOMAIN_(DESTROY|SHUTDOWN|MANAGED_SAVE|REBOOT|SUSPEND|SET_METADATA)(_FLAGS)?$/;

/** All but those. */
export const askedProcedures: readonly ProcedureName[] = procedureNames.filter((name) => {
  const { program, number } = procedures[name];
  return program === 'remote' && asked.has(number) && !stops.test(name);
});

const asSaved = 'a state belongs to its vm, and is in no other file: virsh managedsave';
const blocks = 'blocks that change are not kept track of';
const layers = 'layers of disks are those of snapshots and clones';
const adapters = 'adapters of hosts are set by: gantry host set-adapter';
const migration = 'a move takes what there is, and hosts open their own tunnel';
const byArguments = 'it is answered, and refused for these arguments or this host';

/** Refused or not known, with the reason. What is answered has no place here. */
export const refusedProcedures: Readonly<Partial<Record<ProcedureName, string>>> = {
  CONNECT_GET_SYSINFO: 'a fleet has no mainboard; of one libvirt host it is answered',
  DOMAIN_GET_CPU_STATS: byArguments,
  DOMAIN_OPEN_CONSOLE: byArguments,
  DOMAIN_PIN_VCPU: byArguments,
  DOMAIN_SET_NUMA_PARAMETERS: 'which memory of its host a vm has is left to its kernel',
  DOMAIN_MIGRATE_PERFORM3_PARAMS: byArguments,
  DOMAIN_CORE_DUMP: byArguments,
  DOMAIN_SAVE: asSaved,
  DOMAIN_RESTORE: asSaved,
  DOMAIN_SAVE_IMAGE_GET_XML_DESC: asSaved,
  DOMAIN_SAVE_IMAGE_DEFINE_XML: asSaved,
  DOMAIN_CHECKPOINT_CREATE_XML: blocks,
  DOMAIN_BACKUP_BEGIN: blocks,
  DOMAIN_BLOCK_COPY: layers,
  DOMAIN_MIGRATE_SET_MAX_SPEED: migration,
  DOMAIN_MIGRATE_GET_MAX_SPEED: migration,
  DOMAIN_MIGRATE_PREPARE_TUNNEL3_PARAMS: migration,
  INTERFACE_CHANGE_BEGIN: adapters,
  SECRET_DEFINE_XML: 'nothing that Gantry runs takes a secret',
};

/** Arguments that ask for nothing in particular, about one domain. */
export function plainArgs(
  name: ProcedureName,
  dom: DomainHandle,
): Readonly<Record<string, unknown>> {
  return plainFields(procedures[name].args, dom);
}

function plainFields(fields: Fields, dom: DomainHandle): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, shape]) => [field, plainValue(shape, dom)]),
  );
}

function plainValue(shape: Shape, dom: DomainHandle): unknown {
  switch (shape.kind) {
    case 'int':
    case 'uint':
    case 'u8':
    case 'u16':
    case 'double':
      return 0;
    case 'hyper':
    case 'uhyper':
      return 0n;
    case 'string':
    case 'text':
      return 'none';
    case 'uuid':
      return dom.uuid;
    case 'bytes':
    case 'chars':
      return new Uint8Array();
    case 'optional':
      return null;
    case 'list':
      return [];
    case 'struct':
      return 'id' in shape.fields && 'uuid' in shape.fields ? dom : plainFields(shape.fields, dom);
    case 'typed-param':
      return { field: 'none', type: 'int', value: 0 };
  }
}
