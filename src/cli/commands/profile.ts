/** Hardware profiles: named defaults for new vms. */
import { formatBytes } from '#lib';
import { parseAssignments } from '../assignments.ts';
import { command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';

const profileArgument = { name: 'profile', meaning: 'name or id' } as const;

export const profileCommands = [
  command({
    name: 'profile list',
    aliases: ['profile ls'],
    summary: 'list hardware profiles',
    options: listOptions,
    examples: ['gantry profile list'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        [
          { title: 'NAME', value: (profile) => profile.name },
          { title: 'BUILT IN', value: (profile) => (profile.builtIn ? 'yes' : 'no') },
          { title: 'MACHINE', value: (profile) => profile.hardware.machine },
          { title: 'MEANING', value: (profile) => profile.meaning, wraps: true },
          { title: 'ID', value: (profile) => profile.id, wide: true },
        ],
        await collect(run, 'profile.list', listQuery(run.options)),
        'no profiles',
      );
    },
  }),
  command({
    name: 'profile show',
    summary: 'show a hardware profile',
    args: [profileArgument],
    examples: ['gantry profile show classic', 'gantry profile show web -o yaml'],
    async run({ client, args, out, format, signal }) {
      const profile = await client.call(
        'profile.show',
        { params: { profile: args[0] ?? '' } },
        signal,
      );
      const { hardware } = profile;
      writeThing(out, format, profile, [
        ['name', profile.name],
        ['meaning', profile.meaning],
        ['built in', profile.builtIn ? 'yes' : 'no'],
        ['machine', hardware.machine],
        ['firmware', hardware.firmware.type],
        ['processors', String(hardware.processor.count)],
        ['memory', formatBytes(hardware.memory.sizeBytes)],
        ['SCSI controller', hardware.scsiController],
        ['network adapter', profile.adapterModel ?? 'by guest'],
        ['graphics', hardware.graphics.adapter],
        ['sound', hardware.sound],
        ['USB', hardware.usb],
      ]);
    },
  }),
  command({
    name: 'profile save',
    summary: 'store hardware under a name, for new vms',
    args: [
      { name: 'name', meaning: 'its name' },
      { name: 'path=value', meaning: 'settings below hardware', rest: true, optional: true },
    ],
    options: {
      vm: { type: 'text', value: 'VM', meaning: 'begin with the hardware of this vm' },
      profile: {
        type: 'text',
        value: 'PROFILE',
        meaning: 'begin with this profile (default modern)',
      },
      meaning: { type: 'text', value: 'TEXT', meaning: 'what it is for' },
    },
    examples: [
      'gantry profile save web --vm web-1',
      'gantry profile save big memory.sizeBytes=8G processor.count=4 --meaning "build servers"',
    ],
    async run({ client, args, options, out, dryRun, signal }) {
      const [name = '', ...assignments] = args;
      const body = {
        name,
        ...(options.meaning === undefined ? {} : { meaning: options.meaning }),
        ...(options.vm === undefined
          ? { from: { kind: 'profile' as const, profile: options.profile ?? 'modern' } }
          : { from: { kind: 'vm' as const, vm: options.vm } }),
        ...(assignments.length === 0 ? {} : { hardware: parseAssignments(assignments) }),
      };
      const saved = await client.call('profile.create', { body }, signal);
      out.line(`profile ${saved.name} ${wasOrWouldBe({ dryRun })} saved`);
      out.hint(`gantry vm create web-2 --profile ${saved.name}`);
    },
  }),
  command({
    name: 'profile delete',
    aliases: ['profile rm'],
    summary: 'delete a hardware profile; vms made with it stay as they are',
    args: [profileArgument],
    examples: ['gantry profile delete web'],
    async run({ client, args, out, dryRun, signal }) {
      const profile = args[0] ?? '';
      await client.call('profile.delete', { params: { profile } }, signal);
      if (!dryRun) out.line(`profile ${profile} was deleted`);
    },
  }),
];
