/** Work on disk files of a host through the API: a command for each verb, from one table. */
import { diskAnswers, diskWorkSchema, formatWords, type DiskAnswer, type DiskVerb } from '#api';
import { Fault, formatBytes, parseBytes } from '#lib';
import { command, type Argument, type Command, type Options, type Values } from '../command.ts';
import { confirm } from '../confirm.ts';
import { renderTable, type Column } from '../output/table.ts';
import { finish } from '../progress.ts';

const host = { name: 'host', meaning: 'name or id', completes: 'host' } as const;
const file = { name: 'file', meaning: 'a disk, by its path on the host' } as const;
const target = { name: 'target', meaning: 'the file to make, by its path on the host' } as const;
const parent = { name: 'parent', meaning: 'the disk that is to be the parent' } as const;

const sourceFormat = {
  'source-format': {
    type: 'text',
    value: 'FORMAT',
    meaning: 'the format of the disk; its content decides when absent',
  },
} as const;
const newFormat = {
  format: {
    type: 'text',
    value: 'FORMAT',
    meaning: 'of the new disk; default: qcow2',
    words: ['qcow2', 'raw', 'vhd', 'vhdx', 'vmdk'],
  },
} as const;
const fixed = {
  fixed: { type: 'flag', meaning: 'takes all of its space at once' },
} as const;
const kind = {
  type: {
    type: 'text',
    value: 'TYPE',
    meaning: "the kind, in the format's own word, for example streamOptimized or v2",
  },
  block: { type: 'size', value: 'SIZE', meaning: 'unit of allocation, for example 64K' },
} as const;
const sector = {
  sector: {
    type: 'size',
    value: 'SIZE',
    meaning: 'logical sector of the guest (vhdx: 512 or 4096)',
  },
} as const;
const compress = {
  compress: {
    type: 'text',
    value: 'METHOD',
    meaning: 'compress what is stored (qcow2)',
    words: ['zlib', 'zstd'],
  },
} as const;
const otherFormat = {
  'other-format': { ...sourceFormat['source-format'], meaning: 'the format of the other disk' },
} as const;
const parentFormat = {
  'parent-format': { ...sourceFormat['source-format'], meaning: 'the format of the parent' },
} as const;
const compaction = {
  'free-blocks': {
    type: 'flag',
    meaning: 'also what ext4, XFS and NTFS in it say is free; it reads as zeros then',
  },
  'make-dynamic': { type: 'flag', meaning: 'a fixed disk becomes a dynamic one' },
} as const;
const from = {
  from: { type: 'number', value: 'OFFSET', meaning: 'begin at this byte' },
} as const;

const compactionOf = (options: Values<typeof compaction>): object => ({
  freeBlocks: options['free-blocks'] === true ? 'drop' : 'keep',
  fixed: options['make-dynamic'] === true ? 'make-dynamic' : 'refuse',
});
const kindOf = (options: Values<typeof kind & typeof sector>): object => ({
  variant: options.type,
  blockBytes: options.block,
  sectorBytes: options.sector,
});
const shapeOf = (
  options: Values<typeof newFormat & typeof fixed & typeof kind & typeof sector>,
): object => ({
  format: options.format ?? 'qcow2',
  allocation: options.fixed === true ? 'fixed' : 'dynamic',
  ...kindOf(options),
});

interface DiskCommand<V extends DiskVerb, O extends Options> {
  readonly verb: V;
  readonly summary: string;
  /** After the host; the first is the disk. */
  readonly args?: readonly Argument[];
  readonly options?: O;
  /** Behind `gantry host VERB-disk h1`. */
  readonly example: string;
  readonly asks?: string | ((options: Values<O>) => string);
  /** Of the request, beside verb, file and format of the disk. */
  readonly body?: (words: readonly string[], options: Values<O>) => object;
  readonly tells: (answer: DiskAnswer<V>, file: string) => string;
}

function diskCommand<V extends DiskVerb, const O extends Options = Options>(
  facts: DiskCommand<V, O>,
): Command {
  const { verb, summary, args = [file], options, example, asks, body, tells } = facts;
  const name = `host ${verb}-disk`;
  const readsDisk = args[0] === file && verb !== 'delete';
  return command({
    name,
    summary,
    args: [host, ...args],
    options: { ...(readsDisk ? sourceFormat : {}), ...options } as O,
    examples: [`gantry ${name} h1 ${example}`],
    async run(run) {
      const [hostName = '', path = '', ...words] = run.args;
      const source = (run.options as Values<typeof sourceFormat>)['source-format'];
      const parsed = diskWorkSchema.safeParse({
        verb,
        file: path,
        ...(source === undefined ? {} : { sourceFormat: source }),
        ...body?.(words, run.options),
      });
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new Fault('invalid', `${issue?.path.join('.') ?? name} ${issue?.message ?? ''}`, {
          hint: 'paths are those of the host, from the root on',
        });
      }
      const question = typeof asks === 'function' ? asks(run.options) : asks;
      if (question !== undefined && !run.dryRun) await confirm(run, question.replace('FILE', path));
      const params = { host: hostName };
      const request = { params, body: parsed.data };
      const started = await run.client.call('host.disk.work', request, run.signal);
      await finish(run, started, ({ result }) =>
        tells(diskAnswers[verb].parse(result ?? {}) as DiskAnswer<V>, path),
      );
      if (run.dryRun) run.out.line(`${verb} ${path} can be done`);
    },
  });
}

interface Row {
  readonly offset: number;
  readonly length: number;
}

const offsetColumns = [
  { title: 'OFFSET', value: ({ offset }: Row) => String(offset), align: 'right' },
  { title: 'LENGTH', value: ({ length }: Row) => String(length), align: 'right' },
] as const;

function tableOf<T extends Row>(
  columns: readonly Column<T>[],
  { rows, next }: { readonly rows: readonly T[]; readonly next: number | null },
  nothing: string,
): string {
  const lines =
    rows.length === 0 ? [nothing] : renderTable([...offsetColumns, ...columns], rows, 0);
  return [...lines, ...(next === null ? [] : [`there is more: --from ${next}`])].join('\n');
}

const made = ({ path, format, variant, sizeBytes }: DiskAnswer<'create'>): string =>
  `made ${path}: ${formatWords(format, variant)} of ${formatBytes(sizeBytes)}`;

export const hostDiskCommands: readonly Command[] = [
  diskCommand({
    verb: 'map',
    summary: 'where which bytes of a disk on a host lie, and what reads as zeros',
    options: from,
    example: '/srv/vms/web.qcow2',
    body: (_, options) => ({ offset: options.from ?? 0 }),
    tells: (answer) =>
      tableOf(
        [
          { title: 'KIND', value: ({ kind }) => kind },
          { title: 'LAYER', value: ({ depth }) => String(depth), align: 'right' },
        ],
        answer,
        'an empty disk',
      ),
  }),
  diskCommand({
    verb: 'measure',
    summary: 'how much of a disk on a host is data, and what compacting it would win',
    options: compaction,
    example: '/srv/vms/web.vhd',
    body: (_, options) => compactionOf(options),
    tells: ({ sizeBytes, dataBytes, fileBytes, gainBytes, reason }, path) =>
      [
        `${path}: ${formatBytes(dataBytes)} of ${formatBytes(sizeBytes)} are data`,
        `${formatBytes(fileBytes)} on the volume`,
        gainBytes === null
          ? (reason ?? 'it cannot be compacted')
          : `compacting would win about ${formatBytes(gainBytes)}`,
      ].join('; '),
  }),
  diskCommand({
    verb: 'compare',
    summary: 'whether two disks on a host have the same content, whatever their formats',
    args: [file, { name: 'other', meaning: 'another disk on the same host' }],
    options: otherFormat,
    example: '/srv/vms/a.vhd /srv/vms/b.qcow2',
    body: ([other], options) => ({ other, otherFormat: options['other-format'] }),
    tells: ({ isEqual, firstDifference }) =>
      isEqual ? 'the contents are equal' : `the contents differ, first at ${firstDifference}`,
  }),
  diskCommand({
    verb: 'diff',
    summary: 'what differs between two disks on a host, or between one and its parent',
    args: [
      file,
      { name: 'other', meaning: 'another disk; its parent when absent', optional: true },
    ],
    options: { ...otherFormat, ...from },
    example: '/srv/vms/child.qcow2',
    body: ([other], options) => ({
      other,
      otherFormat: options['other-format'],
      offset: options.from ?? 0,
    }),
    tells: (answer) =>
      tableOf(
        [
          { title: 'FIRST', value: ({ first }) => first },
          { title: 'SECOND', value: ({ second }) => second },
        ],
        answer,
        'the contents are equal',
      ),
  }),
  diskCommand({
    verb: 'checksum',
    summary: 'a checksum of the content of a disk on a host, the same in every format',
    options: {
      algorithm: {
        type: 'text',
        value: 'NAME',
        meaning: 'sha256 (default), sha512, sha1 or md5',
        words: ['sha256', 'sha512', 'sha1', 'md5'],
      },
    },
    example: '/srv/vms/web.qcow2',
    body: (_, { algorithm = 'sha256' }) => ({ algorithm }),
    tells: ({ checksum }, path) => `${checksum}  ${path}`,
  }),
  diskCommand({
    verb: 'check',
    summary: 'walk through the structure of a disk on a host and tell what is wrong with it',
    options: { chain: { type: 'flag', meaning: 'its parents too' } },
    example: '/srv/vms/web.qcow2 --chain',
    body: (_, { chain }) => ({ layers: chain === true ? 'all' : 'one' }),
    tells: ({ corruptions, leaks, oddities, findings }, path) =>
      [
        corruptions + leaks + oddities === 0
          ? `${path}: sound`
          : `${path}: ${corruptions} corruptions, ${leaks} leaks, ${oddities} oddities`,
        ...findings.map((one) => `${one.kind} ${one.path}: ${one.text}`),
      ].join('\n'),
  }),
  diskCommand({
    verb: 'create',
    summary: 'a new empty disk on a host',
    args: [target, { name: 'size', meaning: 'for example 20G' }],
    options: {
      ...newFormat,
      ...fixed,
      ...kind,
      ...sector,
      compress: { ...compress.compress, meaning: 'by what it is compressed later (qcow2)' },
    },
    example: '/srv/vms/data.qcow2 20G',
    body: ([size = ''], options) => ({
      ...shapeOf(options),
      compression: options.compress,
      sizeBytes: parseBytes(size),
    }),
    tells: made,
  }),
  diskCommand({
    verb: 'create-floppy',
    summary:
      'a new empty floppy image of 1.44 MB on a host; files are put into it with host replace',
    args: [target],
    options: { label: { type: 'text', value: 'TEXT', meaning: 'at most 11 letters and digits' } },
    example: '/srv/vms/drivers.img',
    body: (_words, { label }) => (label === undefined ? {} : { label }),
    tells: made,
  }),
  diskCommand({
    verb: 'create-child',
    summary: 'a differencing disk on a host: it holds what changes over its parent',
    args: [target, parent],
    options: {
      ...newFormat,
      ...kind,
      ...parentFormat,
      reattach: {
        type: 'flag',
        meaning: 'the vm that has PARENT as its disk has FILE in its place from then on',
      },
    },
    example: '/srv/vms/monday.qcow2 /srv/vms/base.qcow2',
    body: ([on], options) => ({
      parent: on,
      parentFormat: options['parent-format'],
      format: options.format ?? 'qcow2',
      variant: options.type,
      blockBytes: options.block,
      ...(options.reattach === true ? { reattach: true } : {}),
    }),
    tells: made,
  }),
  diskCommand({
    verb: 'convert',
    summary: 'a copy of a disk on a host in another format or type; of a chain, one disk',
    args: [file, target],
    options: {
      ...newFormat,
      ...fixed,
      ...kind,
      ...sector,
      ...compress,
      snapshot: {
        type: 'text',
        value: 'NAME',
        meaning: 'an internal snapshot instead of the present content',
      },
    },
    example: '/srv/vms/web.vmdk /srv/vms/web.qcow2',
    body: ([to], options) => ({
      ...shapeOf(options),
      target: to,
      compression: options.compress ?? 'none',
      snapshot: options.snapshot,
    }),
    tells: made,
  }),
  diskCommand({
    verb: 'resize',
    summary: 'change the size of a disk on a host; smaller only where what is cut off is empty',
    args: [file, { name: 'size', meaning: 'for example 40G' }],
    example: '/srv/vms/data.qcow2 40G',
    body: ([size = '']) => ({ sizeBytes: parseBytes(size) }),
    tells: ({ path, sizeBytes }) => `${path} has ${formatBytes(sizeBytes)}`,
  }),
  diskCommand({
    verb: 'compact',
    summary: 'give back the space of blocks of a disk on a host that hold only zeros',
    options: compaction,
    example: '/srv/vms/web.vhd',
    body: (_, options) => compactionOf(options),
    tells: ({ fileBytes, gainBytes }, path) =>
      `${path} takes up ${formatBytes(fileBytes)}, ${formatBytes(Math.max(0, gainBytes))} won`,
  }),
  diskCommand({
    verb: 'commit',
    summary: 'write what a disk on a host has changed into its parent, then delete it',
    options: {
      keep: { type: 'flag', meaning: 'do not delete it' },
      resume: { type: 'flag', meaning: 'go on with a commit that has failed half-way' },
    },
    example: '/srv/vms/monday.qcow2 --yes',
    asks: ({ keep }) =>
      `write the changes in FILE into its parent${keep === true ? '' : ' and delete it'}?`,
    body: (_, { keep, resume }) => ({
      resume: resume === true,
      child: keep === true ? 'keep' : 'delete',
    }),
    tells: (_, path) => `what ${path} held is in its parent`,
  }),
  diskCommand({
    verb: 'merge',
    summary: 'make one new layer of the upper layers of a chain on a host, over the next one',
    args: [file, target],
    options: {
      layers: { type: 'number', value: 'COUNT', meaning: 'how many, the disk counted; default: 2' },
    },
    example: '/srv/vms/tuesday.qcow2 /srv/vms/both.qcow2',
    body: ([to], { layers = 2 }) => ({ target: to, layers }),
    tells: made,
  }),
  diskCommand({
    verb: 'rebase',
    summary: 'give a disk on a host another parent; what it has shown so far stays',
    args: [file, parent],
    options: parentFormat,
    example: '/srv/vms/web.qcow2 /srv/vms/base-2.qcow2',
    body: ([on], options) => ({ parent: on, parentFormat: options['parent-format'] }),
    tells: ({ copiedBytes }, path) =>
      `${path} has the parent, ${formatBytes(copiedBytes)} were copied into it`,
  }),
  diskCommand({
    verb: 'reconnect',
    summary: 'tell a disk on a host where its parent is now; another one is refused',
    args: [file, parent],
    options: parentFormat,
    example: '/srv/vms/child.vhdx /srv/bases/base.vhdx',
    body: ([on], options) => ({ parent: on, parentFormat: options['parent-format'] }),
    tells: (_, path) => `${path} is connected with its parent`,
  }),
  diskCommand({
    verb: 'flatten',
    summary: 'make one disk of a chain on a host: in its own place, or as a new file',
    args: [file, { ...target, optional: true }],
    example: '/srv/vms/child.qcow2',
    body: ([to]) => ({ target: to }),
    tells: made,
  }),
  diskCommand({
    verb: 'repair',
    summary: 'write a damaged disk on a host anew into another file',
    args: [file, target],
    options: {
      format: { ...newFormat.format, meaning: 'of the new disk; that of the old one when absent' },
      ...fixed,
      ...kind,
      ...sector,
      ...compress,
    },
    example: '/srv/vms/broken.qcow2 /srv/vms/mended.qcow2',
    body: ([to], options) => ({
      ...shapeOf(options),
      format: options.format,
      target: to,
      compression: options.compress ?? 'none',
    }),
    tells: made,
  }),
  diskCommand({
    verb: 'split',
    summary: 'cut a disk file on a host into pieces, in a new folder with a list of them',
    args: [file, { name: 'target', meaning: 'the folder to make' }],
    options: { piece: { type: 'size', value: 'SIZE', meaning: 'of a piece; default: 2000M' } },
    example: '/srv/vms/web.vhd /srv/vms/web-pieces --piece 650M',
    body: ([to], { piece }) => ({ target: to, pieceBytes: piece }),
    tells: ({ list, pieces }) => `made ${pieces} pieces; their list is ${list}`,
  }),
  diskCommand({
    verb: 'join',
    summary: 'make a disk file on a host again out of its pieces, each of which is checked',
    args: [{ name: 'list', meaning: 'the list that split made: NAME.pieces.json' }, target],
    example: '/srv/vms/web-pieces/web.vhd.pieces.json /srv/vms/web.vhd',
    body: ([to]) => ({ target: to }),
    tells: ({ path, sizeBytes }) => `made ${path} of ${formatBytes(sizeBytes)}`,
  }),
  diskCommand({
    verb: 'wipe',
    summary: 'overwrite all that a disk on a host holds with zeros; it stays, empty',
    example: '/srv/vms/old.vhd --yes',
    asks: 'overwrite all of FILE with zeros? Its content cannot be had again.',
    tells: (_, path) => `${path} holds nothing but zeros`,
  }),
  diskCommand({
    verb: 'delete',
    summary: 'delete the file of a disk on a host that no vm uses and no disk is made from',
    example: '/srv/vms/old.vhd --yes',
    asks: 'delete FILE? It cannot be had again.',
    tells: (_, path) => `deleted ${path}`,
  }),
];
