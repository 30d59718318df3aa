/** Disks and media of a vm. */
import type { z } from 'zod';
import {
  diskFormats,
  placeName,
  vmDiskFormats,
  type diskAttachSchema,
  type DiskFormat,
  type KnownMedium,
  type Tray,
} from '#api';
import { Fault, formatBytes, miB, parseBytes } from '#lib';
import { command, type Run } from '../command.ts';
import { limitOptions, limitsOf } from '../disk-limits.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { finish } from '../progress.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const placeArgument = { name: 'place', meaning: 'for example sata0:1, ide1:0, or floppy' } as const;

const placeOptions = {
  bus: {
    type: 'text',
    words: ['ide', 'sata', 'scsi', 'virtio'],
    value: 'BUS',
    meaning: "default: the profile's",
  },
  controller: { type: 'number', value: 'NUMBER', meaning: 'controller or IDE channel' },
  position: { type: 'number', value: 'NUMBER', meaning: 'default: the first free one' },
} as const;

export const mediaColumns: readonly Column<KnownMedium>[] = [
  {
    title: 'MEDIUM',
    value: ({ medium, name, path }) => (medium.kind === 'image' ? name : path),
    wraps: true,
  },
  { title: 'DRIVE', value: ({ drive }) => drive },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  {
    title: 'IN USE BY',
    value: ({ vms, held }) => `${vms.join(', ')}${held ? ' (held for writing)' : ''}`,
    wraps: true,
  },
];

const attachOptions = {
  new: { type: 'size', least: miB, value: 'SIZE', meaning: 'make a new disk of this size' },
  fixed: {
    type: 'flag',
    meaning: 'the new disk takes all of its space at once, in the format raw',
  },
  file: {
    type: 'text',
    value: 'FILE',
    meaning: 'an existing disk on the host, or the name for a new one',
  },
  import: {
    type: 'text',
    value: 'FILE',
    meaning: 'a copy of a disk on the host in any format: VMDK, VHD, VHDX, VDI and others',
  },
  format: {
    type: 'text',
    words: vmDiskFormats,
    value: 'FORMAT',
    meaning: 'qcow2 (default) or raw; of an existing disk any that is read, as it is',
  },
  linked: {
    type: 'text',
    value: 'DEVICE',
    meaning: 'an entire drive of the host, only to be converted: /dev/sdb',
  },
  device: {
    type: 'text',
    value: 'DEVICE',
    meaning:
      'a raw device, an entire drive or LUN of the host for the running vm: /dev/disk/by-id/…',
  },
  'read-only': { type: 'flag', meaning: 'as a read-only data disk' },
  shared: {
    type: 'flag',
    meaning: 'may be open for writing in several running vms, raw: the quorum disk of a cluster',
  },
  ...limitOptions,
  ...placeOptions,
} as const;

function attachment(
  options: Run<typeof attachOptions>['options'],
): z.input<typeof diskAttachSchema> {
  const { bus, controller, position, file } = options;
  const at = {
    ...(bus === undefined ? {} : { bus }),
    ...(controller === undefined ? {} : { controller }),
    ...(position === undefined ? {} : { position }),
  };
  if (options.linked !== undefined) return { kind: 'linked', device: options.linked, ...at };
  const readOnly = options['read-only'] === true;
  const limits = limitsOf(options, {});
  const more = { ...at, ...(limits === undefined ? {} : { limits }) };
  if (options.device !== undefined)
    return { kind: 'device', device: options.device, readOnly, ...more };
  const shared = options.shared === true;
  const wanted = options.format ?? (options.fixed === true || shared ? 'raw' : 'qcow2');
  if (options.import !== undefined)
    return { kind: 'import', file: options.import, format: requireMade(wanted), ...more };
  if (options.new === undefined)
    return { kind: 'existing', file: file ?? '', format: wanted, readOnly, shared, ...more };
  return {
    kind: 'new',
    sizeBytes: options.new,
    format: requireMade(wanted),
    ...(options.fixed === true ? { allocation: 'fixed' } : {}),
    ...(file === undefined ? {} : { file }),
    shared,
    ...more,
  };
}

/** Errors: `invalid` for a format in which disks of vms are not made. */
export function requireMade(wanted: (typeof vmDiskFormats)[number]): DiskFormat {
  const format = diskFormats.find((one) => one === wanted);
  if (format !== undefined) return format;
  throw new Fault('invalid', `disks of vms are not made in the format ${wanted}`, {
    hint: 'make it with gantry disk create or convert, and attach the file',
  });
}

const forceOption = {
  type: 'flag',
  meaning: 'open the tray even if the guest has locked it; else the guest is asked to',
} as const;

function trayOf(force: boolean | undefined): Tray {
  return force === true ? 'force' : 'ask';
}

export const deviceCommands = [
  command({
    name: 'vm attach-disk',
    summary: 'attach a new or existing disk, while running where it can',
    args: [vmArgument],
    options: attachOptions,
    examples: [
      'gantry vm attach-disk web-1 --new 20G',
      'gantry vm attach-disk web-1 --new 20G --fixed',
      'gantry vm attach-disk web-1 --new 20G --write-rate 50M',
      'gantry vm attach-disk web-1 --import /srv/old/data.vmdk',
      'gantry vm attach-disk web-1 --file /srv/data.raw --format raw --read-only',
      'gantry vm attach-disk db-1 --device /dev/disk/by-id/wwn-0x5000c500a1b2c3d4 --bus scsi',
      'gantry vm attach-disk node-2 --file /srv/quorum.raw --shared --bus scsi',
    ],
    async run(run) {
      const { options, client, signal } = run;
      const vm = run.args[0] ?? '';
      const body = attachment(options);
      const started = await client.call('vm.disk.attach', { params: { vm }, body }, signal);
      await finish(
        run,
        started,
        (ended) =>
          `disk ${String(ended.result?.['place'] ?? '')} was attached to ${vm}${ended.result?.['live'] === true ? '' : '; the guest sees it at the next start'}`,
      );
    },
  }),
  command({
    name: 'vm convert-disk',
    summary: 'copy the drive of a linked disk into a virtual disk, which takes its place',
    args: [vmArgument, placeArgument],
    options: {
      format: {
        type: 'text',
        words: ['qcow2', 'raw'],
        value: 'FORMAT',
        meaning: 'qcow2 (default) or raw',
      },
      fixed: { type: 'flag', meaning: 'take all of its space at once' },
    },
    examples: [
      'gantry vm convert-disk p2v-1 sata0:0',
      'gantry vm convert-disk p2v-1 ide0:0 --fixed',
    ],
    async run(run) {
      const { args, options, client, signal } = run;
      const [vm = '', place = ''] = args;
      const body = {
        format: options.format ?? 'qcow2',
        allocation: options.fixed === true ? ('fixed' as const) : ('dynamic' as const),
      };
      const started = await client.call('vm.disk.convert', { params: { vm, place }, body }, signal);
      await finish(run, started, () => `the disk ${place} of ${vm} is a virtual disk`);
    },
  }),
  command({
    name: 'vm compact-disk',
    summary:
      'give back the space of blocks of a disk that hold only zeros; the content stays the same',
    args: [vmArgument, placeArgument],
    options: {
      'free-blocks': {
        type: 'flag',
        meaning: 'also what ext4, XFS and NTFS in it say is free; it reads as zeros then',
      },
      'make-dynamic': { type: 'flag', meaning: 'a fixed disk becomes a dynamic one' },
    },
    examples: [
      'gantry vm compact-disk web-1 virtio0:0',
      'gantry vm compact-disk web-1 virtio0:0 --free-blocks',
    ],
    async run(run) {
      const { args, options, client, signal } = run;
      const [vm = '', place = ''] = args;
      const body = {
        freeBlocks: options['free-blocks'] === true ? ('drop' as const) : ('keep' as const),
        fixed: options['make-dynamic'] === true ? ('make-dynamic' as const) : ('refuse' as const),
      };
      const started = await client.call('vm.disk.compact', { params: { vm, place }, body }, signal);
      await finish(run, started, ({ result }) => {
        const [fileBytes, gainBytes] = [
          Number(result?.['fileBytes']),
          Number(result?.['gainBytes']),
        ];
        const won = formatBytes(Math.max(0, gainBytes));
        return `the disk ${place} of ${vm} takes up ${formatBytes(fileBytes)}, ${won} won`;
      });
    },
  }),
  command({
    name: 'vm resize-disk',
    summary: 'make a disk larger, also while the vm runs; the guest sees the space at once',
    args: [vmArgument, placeArgument, { name: 'size', meaning: 'the new size, such as 40G' }],
    examples: ['gantry vm resize-disk web-1 virtio0:0 40G'],
    async run(run) {
      const [vm = '', place = '', size = ''] = run.args;
      const sizeBytes = parseBytes(size);
      const asked = { params: { vm, place }, body: { sizeBytes } };
      const started = await run.client.call('vm.disk.resize', asked, run.signal);
      await finish(run, started, ({ result }) => {
        const when = result?.['live'] === true ? ', and its guest sees it' : '';
        return `the disk ${place} of ${vm} has ${formatBytes(sizeBytes)}${when}`;
      });
    },
  }),
  command({
    name: 'vm set-disk',
    summary: 'limit how much the guest reads and writes on a disk, also while the vm runs',
    args: [vmArgument, placeArgument],
    options: limitOptions,
    examples: [
      'gantry vm set-disk web-1 virtio0:0 --read-rate 100M --write-rate 50M',
      'gantry vm set-disk web-1 virtio0:0 --operations 500:2000:10',
      'gantry vm set-disk web-1 virtio0:0 --rate none',
    ],
    async run(run) {
      const { args, options, client, signal } = run;
      const [vm = '', place = ''] = args;
      const { definition } = await client.call('vm.show', { params: { vm } }, signal);
      const disk = definition.hardware.disks.find((one) => placeName(one) === place);
      const limits = limitsOf(options, disk?.limits ?? {});
      if (limits === undefined)
        throw new Fault('invalid', 'no limit was given', {
          hint: `for example: gantry vm set-disk ${vm} ${place} --rate 100M`,
        });
      const asked = { params: { vm, place }, body: { limits } };
      const started = await client.call('vm.disk.change', asked, signal);
      await finish(run, started, ({ result }) =>
        result?.['atNextStart'] === undefined
          ? `disk ${place} of ${vm} was changed`
          : `disk ${place} of ${vm} is changed from the next start on`,
      );
    },
  }),
  command({
    name: 'vm detach-disk',
    summary: 'detach a disk; its file stays',
    args: [vmArgument, placeArgument],
    examples: ['gantry vm detach-disk web-1 virtio0:1'],
    async run(run) {
      const [vm = '', place = ''] = run.args;
      const started = await run.client.call(
        'vm.disk.detach',
        { params: { vm, place } },
        run.signal,
      );
      await finish(run, started, () => `disk ${place} was detached from ${vm}; its file stays`);
    },
  }),
  command({
    name: 'vm media',
    summary: "the images known for a vm's CD and floppy drives, and which other vms have them",
    args: [vmArgument],
    examples: ['gantry vm media web-1'],
    async run({ args, client, out, format, signal }) {
      const [vm = ''] = args;
      const { media, complete } = await client.call('vm.medium.list', { params: { vm } }, signal);
      writeList(out, format, mediaColumns, media, 'no images');
      if (!complete) out.note('there are more files than were looked at');
    },
  }),
  command({
    name: 'vm insert',
    summary: 'insert a medium into a CD or floppy drive, also while running',
    args: [
      vmArgument,
      placeArgument,
      {
        name: 'medium',
        meaning: 'name of an image, a file of the host (with a slash), or a drive (/dev/...)',
        completes: 'image',
      },
    ],
    options: { force: forceOption },
    examples: [
      'gantry vm insert web-1 sata0:0 additions',
      'gantry vm insert old floppy /srv/drivers.img',
    ],
    async run(run) {
      const [vm = '', place = '', name = ''] = run.args;
      const medium = name.startsWith('/dev/')
        ? { kind: 'device' as const, device: name }
        : name.includes('/')
          ? { kind: 'file' as const, file: name }
          : { kind: 'image' as const, image: name };
      const started = await run.client.call(
        'vm.medium.insert',
        { params: { vm, place }, body: medium, query: { tray: trayOf(run.options.force) } },
        run.signal,
      );
      await finish(run, started, () => `${name} is in ${place} of ${vm}`);
    },
  }),
  command({
    name: 'vm eject',
    summary: 'eject a medium',
    args: [vmArgument, placeArgument],
    options: { force: forceOption },
    examples: ['gantry vm eject web-1 sata0:0'],
    async run(run) {
      const [vm = '', place = ''] = run.args;
      const started = await run.client.call(
        'vm.medium.eject',
        { params: { vm, place }, query: { tray: trayOf(run.options.force) } },
        run.signal,
      );
      await finish(run, started, () => `${place} of ${vm} is empty`);
    },
  }),
];
