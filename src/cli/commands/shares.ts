/** Shared folders of a vm, and what its guest additions can do. */
import { additionsFunctions, type SharedFolder } from '#api';
import { command } from '../command.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { finish } from '../progress.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;

const shareColumns: readonly Column<SharedFolder>[] = [
  { title: 'NAME', value: (share) => share.name },
  { title: 'ACCESS', value: (share) => (share.readOnly ? 'read-only' : 'writable') },
  { title: 'FOLDER', value: (share) => share.hostPath },
  { title: 'SLOT', value: (share) => String(share.slot), wide: true },
];

interface FunctionRow {
  readonly function: string;
  readonly available: boolean;
  readonly reason: string | null;
}

const functionColumns: readonly Column<FunctionRow>[] = [
  { title: 'FUNCTION', value: (row) => row.function },
  { title: 'AVAILABLE', value: (row) => (row.available ? 'yes' : 'no') },
  { title: 'REASON', value: (row) => row.reason ?? '', wraps: true },
];

export const shareCommands = [
  command({
    name: 'vm share-folder',
    summary: 'share a folder of the host with the guest, while running where it can',
    args: [
      vmArgument,
      { name: 'name', meaning: 'what the guest mounts it by' },
      { name: 'folder', meaning: 'absolute path on the host' },
    ],
    options: {
      writable: { type: 'flag', meaning: 'the guest may change what is in it' },
    },
    examples: [
      'gantry vm share-folder web-1 docs /srv/docs',
      'gantry vm share-folder web-1 work /srv/work --writable',
    ],
    async run(run) {
      const [vm = '', name = '', hostPath = ''] = run.args;
      const readOnly = run.options.writable !== true;
      const started = await run.client.call(
        'vm.share.add',
        { params: { vm }, body: { name, hostPath, readOnly } },
        run.signal,
      );
      await finish(run, started, ({ result }) => {
        const how = readOnly ? 'read-only' : 'writable';
        const when = result?.['live'] === true ? '' : '; the guest sees it at the next start';
        return `${hostPath} is shared with ${vm} as ${name}, ${how}${when}`;
      });
    },
  }),
  command({
    name: 'vm unshare-folder',
    summary: 'share a folder no longer; what is in it stays',
    args: [vmArgument, { name: 'name', meaning: 'of the shared folder' }],
    examples: ['gantry vm unshare-folder web-1 docs'],
    async run(run) {
      const [vm = '', name = ''] = run.args;
      const started = await run.client.call(
        'vm.share.remove',
        { params: { vm, name } },
        run.signal,
      );
      await finish(run, started, ({ result }) => {
        const when = result?.['live'] === true ? '' : '; the guest has it until it is turned off';
        return `${name} is shared with ${vm} no longer${when}`;
      });
    },
  }),
  command({
    name: 'vm shared-folders',
    summary: 'list the shared folders of a vm',
    args: [vmArgument],
    examples: ['gantry vm shared-folders web-1'],
    async run({ client, args, out, format, signal }) {
      const vm = await client.call('vm.show', { params: { vm: args[0] ?? '' } }, signal);
      const { sharedFolders } = vm.definition.hardware;
      writeList(out, format, shareColumns, sharedFolders, `${vm.name} shares no folders`);
    },
  }),
  command({
    name: 'vm additions',
    summary: 'what the guest additions of a vm can do, and what not and why',
    args: [vmArgument],
    examples: ['gantry vm additions web-1'],
    async run({ client, args, out, format, signal }) {
      const vm = await client.call('vm.show', { params: { vm: args[0] ?? '' } }, signal);
      const { functions } = vm.status.additions;
      const rows = Object.entries(additionsFunctions).flatMap(([name, title]): FunctionRow[] => {
        const answer = functions[name];
        if (answer === undefined) return [];
        const available = answer === true;
        return [{ function: title, available, reason: available ? null : answer }];
      });
      writeList(out, format, functionColumns, rows, `known while ${vm.name} runs`);
    },
  }),
];
