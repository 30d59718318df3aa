/** Images and guests. */
import { imageRecipes, type GuestCatalogueEntry, type ImageBuild } from '#api';
import { Fault, formatBytes } from '#lib';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { writeList, writeThing } from '../output/render.ts';
import { finish } from '../progress.ts';
import { imageColumns } from './columns.ts';

const imageArgument = { name: 'image', meaning: 'name or id', completes: 'image' } as const;

export const catalogueCommands = [
  command({
    name: 'image list',
    aliases: ['image ls'],
    summary: 'list images',
    options: listOptions,
    examples: ['gantry image list'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        imageColumns,
        await collect(run, 'image.list', listQuery(run.options)),
        'no images; build one with: gantry image build starter',
      );
    },
  }),
  command({
    name: 'image show',
    summary: 'show an image',
    args: [imageArgument],
    examples: ['gantry image show starter'],
    async run({ client, args, out, format, signal }) {
      const image = await client.call('image.show', { params: { image: args[0] ?? '' } }, signal);
      writeThing(out, format, image, [
        ['name', image.name],
        ['kind', image.imageKind],
        ['format', image.format],
        ['size', formatBytes(image.sizeBytes)],
        ['on disk', formatBytes(image.fileBytes)],
        ['host', image.host],
        ['path', image.path],
        ['sha256', image.sha256 ?? '-'],
        ['description', image.description],
      ]);
    },
  }),
  command({
    name: 'image build',
    summary: "build an image from the distribution's packages",
    args: [{ name: 'recipe', meaning: imageRecipes.join(', '), completes: imageRecipes }],
    options: {
      host: { type: 'text', value: 'HOST', meaning: 'on which host' },
      name: { type: 'text', value: 'NAME', meaning: "default: the recipe's name" },
      drivers: {
        type: 'text',
        value: 'FILE',
        meaning: 'virtio-win.iso on the host, for what has drivers for Windows; else found',
      },
    },
    examples: [
      'gantry image build debian',
      'gantry image build additions-windows --drivers /isos/virtio-win.iso',
    ],
    async run(run) {
      const { options, client, signal } = run;
      const recipe = imageRecipes.find((name) => name === run.args[0]);
      if (recipe === undefined)
        throw new Fault('invalid', `there is no recipe "${run.args[0] ?? ''}"`, {
          hint: `one of: ${imageRecipes.join(', ')}`,
        });
      const { host, name, drivers } = options;
      const body: ImageBuild = {
        recipe,
        ...(host === undefined ? {} : { host }),
        ...(name === undefined ? {} : { name }),
        ...(drivers === undefined ? {} : { drivers }),
      };
      const started = await client.call('image.build', { body }, signal);
      await finish(run, started, () => `image ${name ?? recipe} is ready`);
    },
  }),
  command({
    name: 'image add',
    summary: 'make a file of a host known as an image',
    args: [
      { name: 'name', meaning: 'its name' },
      { name: 'file', meaning: 'on the host', completes: 'file' },
    ],
    options: {
      kind: {
        type: 'text',
        words: ['disk', 'cd', 'floppy'],
        value: 'KIND',
        meaning: 'disk, cd or floppy; default: its content decides',
      },
      format: {
        type: 'text',
        words: ['qcow2', 'raw'],
        value: 'FORMAT',
        meaning: 'default: its content decides',
      },
      host: { type: 'text', value: 'HOST', meaning: 'on which host' },
      guest: { type: 'text', value: 'GUEST', meaning: 'guest operating system in it' },
    },
    examples: ['gantry image add debian-cd /srv/iso/debian-12.iso'],
    async run(run) {
      const { options, client, signal } = run;
      const [name = '', file = ''] = run.args;
      const body = {
        name,
        file,
        ...(options.kind === undefined ? {} : { imageKind: options.kind }),
        ...(options.format === undefined ? {} : { format: options.format }),
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.guest === undefined ? {} : { guestOs: options.guest }),
      };
      const started = await client.call('image.add', { body }, signal);
      await finish(run, started, () => `image ${name} is known`);
    },
  }),
  command({
    name: 'image delete',
    aliases: ['image rm'],
    summary: 'forget an image; one that was built is deleted',
    args: [imageArgument],
    examples: ['gantry image delete debian-cd'],
    async run(run) {
      const image = run.args[0] ?? '';
      if (!run.dryRun) await confirm(run, 'Type the name to delete the image', image);
      const started = await run.client.call('image.delete', { params: { image } }, run.signal);
      await finish(run, started, () => `image ${image} is gone`);
    },
  }),
  command({
    name: 'guest list',
    summary: 'the catalogue of guest operating systems',
    examples: ['gantry guest list'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('guest.list', {}, signal);
      writeList(
        out,
        format,
        [
          { title: 'ID', value: (guest) => guest.id },
          { title: 'NAME', value: (guest) => guest.name, wraps: true },
          { title: 'SUPPORT', value: (guest) => guest.support },
          { title: 'PROFILE', value: (guest) => guest.profile },
          { title: 'NOTES', value: (guest) => guestProblems(guest).join('; '), wide: true },
        ],
        items,
        'empty',
      );
    },
  }),
  command({
    name: 'device unrepresented',
    summary: 'devices that no vm can have, with the reason',
    examples: ['gantry device unrepresented -o json'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('unrepresented.list', {}, signal);
      writeList(
        out,
        format,
        [
          { title: 'ID', value: (entry) => entry.id },
          { title: 'DEVICE', value: (entry) => entry.device, wraps: true },
          { title: 'REASON', value: (entry) => entry.reason, wraps: true },
          { title: 'UNLESS', value: (entry) => entry.unless ?? '-', wraps: true },
        ],
        items,
        'none',
      );
    },
  }),
  command({
    name: 'guest show',
    summary: 'recommended hardware and known incompatibilities of a guest operating system',
    args: [{ name: 'guest', meaning: 'id in the catalogue' }],
    examples: ['gantry guest show solaris-10'],
    async run({ client, args, out, format, signal }) {
      const { items } = await client.call('guest.list', {}, signal);
      const guest = items.find(({ id }) => id === args[0]);
      if (guest === undefined)
        throw new Fault('not-found', `there is no guest "${args[0] ?? ''}" in the catalogue`, {
          hint: 'look at: gantry guest list',
        });
      writeThing(out, format, guest, [
        ['name', guest.name],
        ['support', guest.support],
        ['profile', guest.profile],
        ['memory', formatBytes(guest.memoryBytes)],
        ['disks on', guest.diskBus],
        ['SCSI controller', guest.scsiController],
        ['network adapter', guest.adapter],
        ['clock', guest.clock],
        ...guestProblems(guest).map((text) => ['known problem', text] as const),
      ]);
    },
  }),
];

function guestProblems({ incompatibilities, notes }: GuestCatalogueEntry): readonly string[] {
  return [...incompatibilities.map(({ text }) => text), ...notes];
}
