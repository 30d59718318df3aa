/** Commands by which vms and their files come to another place: from other products, filed elsewhere, copied, moved on their host. */
import { readFile } from 'node:fs/promises';
import type { FirstBoot, PassageStorage, VmClone } from '#api';
import { Fault } from '#lib';
import { command } from '../command.ts';
import { finish, tellWarnings } from '../progress.ts';
import { importCommand } from './import.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const pathOption = { type: 'text', value: 'DIR' } as const;

const maxSeedBytes = 64 * 1024;

/** What the options say of a configuration disk; any of them asks for one. */
async function firstBootOf(options: {
  readonly 'first-boot'?: boolean | undefined;
  readonly 'host-name'?: string | undefined;
  readonly 'user-data'?: string | undefined;
  readonly 'network-config'?: string | undefined;
}): Promise<Partial<Pick<VmClone, 'firstBoot'>>> {
  const { 'host-name': hostName, 'user-data': userData, 'network-config': network } = options;
  const firstBoot: FirstBoot = {
    ...(hostName === undefined ? {} : { hostName }),
    ...(userData === undefined ? {} : { userData: await readSeedText(userData) }),
    ...(network === undefined ? {} : { networkConfig: await readSeedText(network) }),
  };
  const isAsked = options['first-boot'] === true || Object.keys(firstBoot).length > 0;
  return isAsked ? { firstBoot } : {};
}

async function readSeedText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new Fault('not-found', `cannot read ${file}`, { cause });
  });
  if (bytes.length <= maxSeedBytes) return bytes.toString('utf8');
  throw new Fault('too-large', `${file} has more than 64 KiB`);
}

export const travelCommands = [
  importCommand,
  command({
    name: 'vm clone',
    aliases: ['vm copy'],
    summary: 'copy a vm with its disks, or link a copy to them',
    args: [vmArgument, { name: 'name', meaning: 'of the copy' }],
    options: {
      path: { ...pathOption, meaning: 'folder of the host for the copy' },
      folder: { type: 'text', value: 'PATH', meaning: 'filed in which folder' },
      linked: {
        type: 'flag',
        meaning: 'copy no disks: keep only what differs from those of the vm',
      },
      snapshot: {
        type: 'text',
        value: 'NAME',
        meaning: 'copy what this snapshot of the vm holds; the vm may run meanwhile',
      },
      quiesce: {
        type: 'flag',
        meaning: 'of a vm that runs: the guest agent holds its file systems still for the moment',
      },
      generalised: {
        type: 'flag',
        meaning: 'the guest was generalised (sysprep, cloud-init clean): do not warn',
      },
      'first-boot': {
        type: 'flag',
        meaning: 'give the copy a configuration disk that tells its guest (cloud-init) who it is',
      },
      'host-name': {
        type: 'text',
        value: 'NAME',
        meaning: 'with a configuration disk: of the guest; default: made of the name of the copy',
      },
      'user-data': {
        type: 'text',
        value: 'FILE',
        meaning: 'with a configuration disk: #cloud-config or a script',
      },
      'network-config': {
        type: 'text',
        value: 'FILE',
        meaning: 'with a configuration disk: addresses, as cloud-init takes them (version 2)',
      },
    },
    examples: [
      'gantry vm clone web-1 web-2',
      'gantry vm clone web-1 web-2 --path /srv/fast',
      'gantry vm clone web-1 web-3 --snapshot golden',
      'gantry vm clone web-1 test-1 --linked',
      'gantry vm clone db-1 db-copy --quiesce',
      'gantry vm clone web-1 test-2 --linked --snapshot golden --generalised',
      'gantry vm clone golden web-7 --first-boot --user-data web.yaml',
    ],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const [vm = '', name = ''] = args;
      const body = {
        name,
        ...(options.path === undefined ? {} : { path: options.path }),
        ...(options.folder === undefined ? {} : { folder: options.folder }),
        ...(options.linked === true ? { linked: true } : {}),
        ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
        ...(options.quiesce === true ? { quiesce: true } : {}),
        ...(options.generalised === true ? { generalised: true } : {}),
        ...(await firstBootOf(options)),
      };
      if (dryRun) {
        tellWarnings(out, await client.dryRun('vm.clone', { params: { vm }, body }, signal));
        return out.line(`vm ${vm} could be cloned`);
      }
      const started = await client.call('vm.clone', { params: { vm }, body }, signal);
      const how = body.linked ? 'linked clone' : 'copy';
      await finish(run, started, () => `vm ${name} is a ${how} of ${vm}`);
      if (run.wait) out.hint(`gantry vm start ${name}`);
    },
  }),
  command({
    name: 'vm template',
    summary: 'make a vm a template, which is cloned from and not started, or an ordinary vm again',
    args: [vmArgument],
    options: {
      end: { type: 'flag', meaning: 'make the template an ordinary vm again' },
    },
    examples: ['gantry vm template golden', 'gantry vm template golden --end'],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const [vm = ''] = args;
      const name = options.end === true ? 'vm.template.end' : 'vm.template.make';
      const words = options.end === true ? 'an ordinary vm again' : 'a template';
      if (dryRun) {
        tellWarnings(out, await client.dryRun(name, { params: { vm } }, signal));
        return out.line(`vm ${vm} could be made ${words}`);
      }
      const started = await client.call(name, { params: { vm } }, signal);
      await finish(run, started, () => `vm ${vm} is ${words}`);
      if (run.wait && options.end !== true) out.hint(`gantry vm clone ${vm} NAME --linked`);
    },
  }),
  command({
    name: 'vm flatten',
    summary: 'make a linked clone independent of the vms that it shares files with',
    args: [vmArgument],
    examples: ['gantry vm flatten test-1'],
    async run(run) {
      const { args, client, signal } = run;
      const [vm = ''] = args;
      const started = await client.call('vm.flatten', { params: { vm } }, signal);
      await finish(run, started, () => `the disks of ${vm} are its own`);
    },
  }),
  command({
    name: 'vm move',
    summary: 'file a vm in another folder, or move it to another host, or its files on its own',
    args: [
      vmArgument,
      { name: 'folder', meaning: 'path or id', optional: true, completes: 'folder' },
    ],
    options: {
      host: {
        type: 'text',
        value: 'HOST',
        meaning: 'to which host; a vm that runs goes on working, one that is saved keeps its state',
      },
      disks: {
        type: 'text',
        value: 'HOW',
        meaning: 'between libvirt hosts: copy (default), or shared where both have them',
      },
      path: { ...pathOption, meaning: 'folder of the host for its files' },
      bandwidth: {
        type: 'size',
        least: 65536,
        value: 'SIZE',
        meaning:
          'of a vm that runs: the most that each disk and its memory take per second, for example 50M',
      },
    },
    examples: [
      'gantry vm move web-1 /production',
      'gantry vm move web-1 --host h2',
      'gantry vm move web-1 --host h2 --bandwidth 50M',
      'gantry vm move web-1 --host h2 --disks shared',
      'gantry vm move web-1 --path /srv/fast',
    ],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const [vm = '', folder] = args;
      const { host, path, disks, bandwidth } = options;
      if (folder === undefined && host === undefined && path === undefined)
        throw new Fault('invalid', 'there is no place to move the vm to', {
          hint: 'name a folder, another host with --host, or a folder of the host with --path',
        });
      const body = {
        ...(host === undefined ? {} : { host }),
        ...(path === undefined ? {} : { path }),
        ...(disks === undefined ? {} : { disks: disks as PassageStorage }),
        ...(bandwidth === undefined ? {} : { bytesPerSecond: bandwidth }),
      };
      const isMoved = host !== undefined || path !== undefined;
      if (dryRun && isMoved) {
        tellWarnings(out, await client.dryRun('vm.relocate', { params: { vm }, body }, signal));
        return out.line(`vm ${vm} could be moved`);
      }
      if (folder !== undefined) {
        const moved = await client.call('vm.move', { params: { vm }, body: { folder } }, signal);
        out.line(`vm ${moved.name} is in ${moved.folder}`);
      }
      if (!isMoved) return;
      const started = await client.call('vm.relocate', { params: { vm }, body }, signal);
      await finish(run, started, ({ result }) => {
        if (host === undefined) return `the files of ${vm} are in ${path}`;
        const stoodMs = result?.['stoodMs'];
        const stood =
          typeof stoodMs === 'number' ? `; its guest stood still for ${stoodMs} ms` : '';
        return `vm ${vm} is on host ${host}${stood}`;
      });
    },
  }),
  command({
    name: 'vm adopt',
    summary:
      'run a vm of a libvirt host by the agent of its computer; its disks stay where they are',
    args: [vmArgument],
    options: {
      host: {
        type: 'text',
        value: 'HOST',
        meaning: 'with an agent that sees the same disks; default: the only one that does',
      },
      map: {
        type: 'list',
        value: 'THEIRS=OURS',
        meaning: 'a network by what its hypervisor calls it; default: user',
      },
    },
    examples: [
      'gantry vm adopt web-1 --dry-run',
      'gantry vm adopt web-1 --map "network default=lan"',
    ],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const [vm = ''] = args;
      const body = {
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.map === undefined ? {} : { networkNames: [...options.map] }),
      };
      if (dryRun) {
        tellWarnings(out, await client.dryRun('vm.adopt', { params: { vm }, body }, signal));
        return out.line(`vm ${vm} could be adopted`);
      }
      const started = await client.call('vm.adopt', { params: { vm }, body }, signal);
      await finish(run, started, () => `vm ${vm} is a vm of Gantry's own`);
      if (run.wait) out.hint(`gantry vm give-back ${vm}`);
    },
  }),
  command({
    name: 'vm give-back',
    summary: 'give an adopted vm back to its hypervisor, as it was there but for what was changed',
    args: [vmArgument],
    examples: ['gantry vm give-back web-1'],
    async run(run) {
      const { args, client, out, dryRun, signal } = run;
      const [vm = ''] = args;
      if (dryRun) {
        tellWarnings(out, await client.dryRun('vm.give-back', { params: { vm } }, signal));
        return out.line(`vm ${vm} could be given back`);
      }
      const started = await client.call('vm.give-back', { params: { vm } }, signal);
      await finish(run, started, () => `vm ${vm} is its hypervisor's again`);
    },
  }),
  command({
    name: 'vm move-disk',
    summary: 'move the file of a disk, with its snapshots, to another folder of its host',
    args: [vmArgument, { name: 'place', meaning: 'for example sata0:1' }],
    options: { path: { ...pathOption, meaning: "folder of the host; default: the vm's own" } },
    examples: ['gantry vm move-disk web-1 virtio0:1 --path /srv/slow'],
    async run(run) {
      const { args, options, client, signal } = run;
      const [vm = '', place = ''] = args;
      const body = { path: options.path ?? null };
      const started = await client.call(
        'vm.disk.relocate',
        { params: { vm, place }, body },
        signal,
      );
      await finish(run, started, () => `the disk ${place} of ${vm} was moved`);
    },
  }),
];
