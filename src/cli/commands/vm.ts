/** Commands on vms: list, show, create, change, delete. Power and console have files of their own. */
import { basename } from 'node:path';
import { Fault, formatBytes, isFault, miB } from '#lib';
import { vmDiskFormats, type Client, type VmCreate } from '#api';
import { requireMade } from './devices.ts';
import { command, type Run } from '../command.ts';
import { writeList, writeThing } from '../output/render.ts';
import { plain } from '../output/writer.ts';
import { finish, tellWarnings } from '../progress.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { parseAssignments } from '../assignments.ts';
import { openVm } from '../open-page.ts';
import { explainRefusal } from '../settings.ts';
import { vmColumns } from './columns.ts';
import { sizeOptions } from './settings.ts';
import { writeStartCheck } from './start-check.ts';
import { exportCommand } from './export.ts';
import { describeVm } from './vm-description.ts';

const createOptions = {
  host: { type: 'text', value: 'HOST', meaning: 'on which host' },
  folder: { type: 'text', value: 'PATH', meaning: 'filed in which folder' },
  profile: {
    type: 'text',
    value: 'PROFILE',
    meaning: 'hardware profile: modern, classic, arm, or one of your own',
  },
  guest: { type: 'text', value: 'GUEST', meaning: 'guest operating system, from the catalogue' },
  ...sizeOptions,
  image: { type: 'text', short: 'i', value: 'IMAGE', meaning: 'make its disk from this image' },
  disk: {
    type: 'size',
    least: miB,
    value: 'SIZE',
    meaning: 'a new disk of this size, or the size for --image',
  },
  'disk-file': { type: 'text', value: 'FILE', meaning: 'an existing disk on the host' },
  format: {
    type: 'text',
    words: vmDiskFormats,
    value: 'FORMAT',
    meaning: 'of a new disk qcow2 (default) or raw; of an existing one any that is read, as it is',
  },
  fixed: {
    type: 'flag',
    meaning: 'the new disk takes all of its space at once, in the format raw',
  },
  network: {
    type: 'text',
    value: 'NETWORK',
    meaning: 'name or id of a network, user (default) or none',
  },
  forward: {
    type: 'list',
    value: 'HOSTPORT:GUESTPORT',
    meaning: 'a port of the host that leads to the guest; 0 chooses a free one',
  },
  firmware: {
    type: 'text',
    words: ['bios', 'uefi'],
    value: 'FIRMWARE',
    meaning: 'bios (default) or uefi',
  },
  set: {
    type: 'list',
    value: 'PATH=VALUE',
    meaning: 'any setting, for example settings.start.onHostStart=always',
  },
  start: { type: 'flag', short: 's', meaning: 'turn it on afterwards' },
  open: { type: 'flag', meaning: 'open its page in the console afterwards' },
} as const;

function diskChoice(options: Run<typeof createOptions>['options']): VmCreate['disk'] {
  const wanted = options.format ?? 'qcow2';
  if (options.image !== undefined)
    return {
      kind: 'image',
      image: options.image,
      ...(options.disk === undefined ? {} : { sizeBytes: options.disk }),
    };
  if (options['disk-file'] !== undefined)
    return { kind: 'existing', file: options['disk-file'], format: wanted };
  if (options.disk !== undefined && options.fixed === true)
    return { kind: 'new', sizeBytes: options.disk, format: 'raw', allocation: 'fixed' };
  if (options.disk !== undefined)
    return { kind: 'new', sizeBytes: options.disk, format: requireMade(wanted) };
  return { kind: 'none' };
}

function sizeOrNone(bytes: number | null): string {
  return bytes === null ? '-' : formatBytes(bytes);
}

export const vmCommands = [
  command({
    name: 'vm list',
    aliases: ['vm ls'],
    summary: 'list vms',
    options: listOptions,
    examples: [
      'gantry vm list',
      'gantry vm list --filter "state = running AND host = h1" -o wide',
      'gantry vm list --sort -status.cpuPercent',
    ],
    async run(run) {
      writeList(
        run.out,
        run.format,
        vmColumns,
        await collect(run, 'vm.list', listQuery(run.options)),
        'no vms; make one with: gantry vm create web-1 --image starter --start',
      );
    },
  }),
  command({
    name: 'vm show',
    aliases: ['vm info'],
    summary: 'show a vm',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm show hello', 'gantry vm show hello -o json'],
    async run({ client, args, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      const vm = await client.call('vm.show', { params }, signal);
      const adapters = await client.call('vm.adapter.list', { params }, signal);
      writeThing(out, format, vm, describeVm(vm, adapters.items));
    },
  }),
  command({
    name: 'vm create',
    summary: 'create a vm',
    args: [{ name: 'name', meaning: 'its name' }],
    options: createOptions,
    examples: [
      'gantry vm create web-1 --image starter --forward 8080:80 --start --open',
      'gantry vm create old --profile classic --guest windows-2000-server --memory 256M --disk 4G',
      'gantry vm create big -m 8G -c 4 --disk 100G --set settings.start.onHostStart=always',
    ],
    async run(run) {
      const { options, args, client, out, dryRun, signal } = run;
      if (options.open === true && !run.wait)
        throw new Fault('invalid', 'a vm that is not waited for cannot be opened', {
          hint: 'leave out --open or --no-wait',
        });
      const assignments = [
        ...(options.firmware === undefined ? [] : [`hardware.firmware.type=${options.firmware}`]),
        ...(options.set ?? []),
      ];
      const assigned = parseAssignments(assignments);
      const refuse = (error: unknown): never => {
        throw explainRefusal(error, assignments);
      };
      const body = {
        name: args[0] ?? '',
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.folder === undefined ? {} : { folder: options.folder }),
        ...(options.profile === undefined ? {} : { profile: options.profile }),
        ...(options.guest === undefined ? {} : { guestOs: options.guest }),
        ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
        ...(options.processors === undefined ? {} : { processors: options.processors }),
        ...(options.network === undefined ? {} : { network: options.network }),
        disk: diskChoice(options),
        ...(options.forward === undefined ? {} : { forwards: options.forward.map(parseForward) }),
        ...(Object.keys(assigned).length === 0 ? {} : { definition: assigned }),
        start: options.start === true,
      };
      if (dryRun) {
        tellWarnings(out, await client.dryRun('vm.create', { body }, signal).catch(refuse));
        return out.line(`vm ${body.name} could be created`);
      }
      const started = await client.call('vm.create', { body }, signal).catch(refuse);
      await finish(
        run,
        started,
        () => `vm ${body.name} was created${body.start ? ' and runs' : ''}`,
      );
      if (!body.start && run.wait) out.hint(`gantry vm start ${body.name}`);
      if (options.open === true) await openVm(run, { id: started.target.id, name: body.name });
    },
  }),
  command({
    name: 'vm open',
    aliases: ['open'],
    summary: "open a vm's page in the console that is open, or in a browser",
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm open web-1', 'gantry open web-1'],
    async run(run) {
      const params = { vm: run.args[0] ?? '' };
      await openVm(run, await run.client.call('vm.show', { params }, run.signal));
    },
  }),
  command({
    name: 'vm add',
    summary: 'add an existing vm from its configuration file, files unchanged',
    args: [{ name: 'file', meaning: 'its configuration file on the host', completes: 'file' }],
    options: {
      host: { type: 'text', value: 'HOST', meaning: 'on which host' },
      folder: { type: 'text', value: 'PATH', meaning: 'filed in which folder' },
    },
    examples: ['gantry vm add /srv/vms/old/old.json'],
    async run(run) {
      const { options, args, client, signal } = run;
      const body = {
        file: args[0] ?? '',
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.folder === undefined ? {} : { folder: options.folder }),
      };
      await finish(
        run,
        await client.call('vm.add', { body }, signal),
        (operation) => `vm ${operation.target.name} was added`,
      );
    },
  }),
  command({
    name: 'vm rename',
    summary: 'rename a vm',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'name', meaning: 'the new name' },
    ],
    examples: ['gantry vm rename web-1 web-old'],
    async run(run) {
      const [vm = '', name = ''] = run.args;
      const started = await run.client.call(
        'vm.update',
        { params: { vm }, body: { name } },
        run.signal,
      );
      await finish(run, started, () => `vm ${vm} is now called ${name}`);
    },
  }),
  command({
    name: 'vm remove',
    summary: 'take a vm out of Gantry, its files unchanged',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm remove web-1'],
    async run(run) {
      const vm = await run.client.call(
        'vm.show',
        { params: { vm: run.args[0] ?? '' } },
        run.signal,
      );
      const params = { vm: vm.id };
      const configuration = await findConfiguration(run.client, vm.id, run.signal);
      const started = await run.client.call('vm.remove', { params }, run.signal);
      if (run.dryRun) return;
      await finish(run, started, () => `vm ${vm.name} was removed; its files stay in ${vm.path}`);
      if (configuration !== undefined)
        run.out.hint(`gantry vm add ${configuration} --host ${vm.host}`);
    },
  }),
  command({
    name: 'vm files',
    summary:
      'the files of a vm: sizes, free space, what lies on what, and which of them a delete would delete',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm files web-1'],
    async run({ client, args, out, format, signal }) {
      const { files } = await client.call('vm.files', { params: { vm: args[0] ?? '' } }, signal);
      writeList(
        out,
        format,
        [
          { title: 'FILE', value: (file) => file.path, wraps: true },
          { title: 'ROLE', value: (file) => file.role },
          { title: 'SIZE', value: (file) => formatBytes(file.sizeBytes), align: 'right' },
          { title: 'MAX', value: (file) => sizeOrNone(file.maxBytes), align: 'right' },
          { title: 'FREE', value: (file) => sizeOrNone(file.freeBytes), align: 'right' },
          { title: 'LIES ON', value: ({ parent }) => (parent === null ? '-' : basename(parent)) },
          {
            title: 'DELETED',
            value: (file) => (file.deleted ? 'yes' : `no: ${file.keptBecause ?? ''}`),
            wraps: true,
          },
        ],
        files,
        'no files',
      );
    },
  }),
  command({
    name: 'vm delete',
    aliases: ['vm rm'],
    summary: 'delete a vm and its files',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    options: {
      'keep-disks': {
        type: 'flag',
        meaning: 'of a vm of a libvirt host: its definition goes, its disks stay',
      },
    },
    examples: [
      'gantry vm delete web-1',
      'gantry vm delete web-1 --yes',
      'gantry vm delete far-1 --keep-disks',
    ],
    async run(run) {
      const { client, out, signal } = run;
      const vm = await client.call('vm.show', { params: { vm: run.args[0] ?? '' } }, signal);
      const params = { vm: vm.id };
      const keeps = run.options['keep-disks'] === true;
      const query = keeps ? ({ disks: 'keep' } as const) : {};
      if (run.dryRun) {
        const { warnings } = await client.dryRun('vm.delete', { params, query }, signal);
        for (const { text } of warnings) out.line(plain(text));
        return;
      }
      if (!run.yes) {
        // What keeps it from being deleted is told before anybody is asked.
        await client.dryRun('vm.delete', { params, query }, signal);
        if (keeps) out.note(`${vm.name} will be undefined there; its disks stay`);
        else {
          const { files } = await client.call('vm.files', { params: { vm: vm.id } }, signal);
          out.note(`these files of ${vm.name} will be deleted:`);
          for (const file of files.filter((entry) => entry.deleted))
            out.note(`  ${file.path} (${formatBytes(file.sizeBytes)})`);
        }
        await confirm(run, `Type the name to delete it`, vm.name);
      }
      const started = await client.call('vm.delete', { params, query }, signal);
      await finish(run, started, () => `vm ${vm.name} was deleted`);
    },
  }),
  exportCommand,
  command({
    name: 'vm actions',
    summary: 'what may be done with a vm now, and why not',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm actions hello'],
    async run({ client, args, out, format, signal }) {
      const { actions } = await client.call(
        'vm.actions',
        { params: { vm: args[0] ?? '' } },
        signal,
      );
      writeList(
        out,
        format,
        [
          { title: 'ACTION', value: (entry) => entry.action },
          { title: 'ALLOWED', value: (entry) => (entry.allowed ? 'yes' : 'no') },
          { title: 'REASON', value: (entry) => entry.reason ?? '', wraps: true },
          { title: 'HINT', value: (entry) => entry.hint ?? '', wraps: true },
        ],
        actions,
        'nothing',
      );
    },
  }),
  command({
    name: 'vm check',
    summary: 'whether a vm could start now, and everything that speaks against it',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm check web-1'],
    async run({ client, args, out, format, signal }) {
      const check = await client.call(
        'vm.check',
        { params: { vm: args[0] ?? '' }, body: {} },
        signal,
      );
      writeStartCheck(out, format, check);
      return check.ok ? 0 : 7;
    },
  }),
  command({
    name: 'vm hardware',
    summary: 'the effective virtual hardware of a vm',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    examples: ['gantry vm hardware hello -o csv'],
    async run({ client, args, out, format, signal }) {
      const { devices } = await client.call(
        'vm.hardware',
        { params: { vm: args[0] ?? '' } },
        signal,
      );
      writeList(
        out,
        format,
        [
          { title: 'DEVICE', value: (entry) => entry.device },
          { title: 'BUS', value: (entry) => entry.bus },
          { title: 'POSITION', value: (entry) => entry.position ?? '-' },
          { title: 'MODEL', value: (entry) => entry.model },
          { title: 'ADDRESS', value: (entry) => entry.address ?? '-' },
          { title: 'RESOURCE', value: (entry) => entry.resource ?? '-', wraps: true },
        ],
        devices,
        'no devices',
      );
    },
  }),
];

/** Its path on the host; undefined while the host is away, which keeps no vm from being removed. */
async function findConfiguration(
  client: Client,
  vm: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { files } = await client.call('vm.files', { params: { vm } }, signal);
    return files.find(({ role }) => role === 'configuration')?.path;
  } catch (error) {
    if (isFault(error, 'unavailable')) return undefined;
    throw error;
  }
}

function parseForward(text: string): {
  hostPort: number;
  guestPort: number;
  protocol: 'tcp' | 'udp';
} {
  const match = /^(?:(tcp|udp):)?(\d{1,5}):(\d{1,5})$/.exec(text);
  if (!match)
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a forward`, {
      hint: 'write HOSTPORT:GUESTPORT, for example 8080:80',
    });
  return {
    protocol: match[1] === 'udp' ? 'udp' : 'tcp',
    hostPort: Number(match[2]),
    guestPort: Number(match[3]),
  };
}
