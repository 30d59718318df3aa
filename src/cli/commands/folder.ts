/** Folders, in which vms are filed. */
import { command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { localTime, wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { folderColumns } from './columns.ts';

const folderArgument = { name: 'folder', meaning: 'path or id', completes: 'folder' } as const;

/** The last name of a path and the folder it is in. */
function splitPath(text = ''): { readonly name: string; readonly parent: string } {
  const path = text.replace(/\/+$/, '');
  const at = path.lastIndexOf('/');
  return { name: path.slice(at + 1), parent: at <= 0 ? '/' : path.slice(0, at) };
}

export const folderCommands = [
  command({
    name: 'folder list',
    aliases: ['folder ls'],
    summary: 'list folders',
    options: listOptions,
    examples: ['gantry folder list'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        folderColumns,
        await collect(run, 'folder.list', listQuery(run.options)),
        'no folders',
      );
    },
  }),
  command({
    name: 'folder show',
    summary: 'show a folder',
    args: [folderArgument],
    examples: ['gantry folder show /lab'],
    async run({ client, args, out, format, signal }) {
      const params = { folder: args[0] ?? '' };
      const folder = await client.call('folder.show', { params }, signal);
      writeThing(out, format, folder, [
        ['path', folder.path],
        ['id', folder.id],
        ['created', localTime(folder.createdAt)],
        ['changed', localTime(folder.updatedAt)],
      ]);
    },
  }),
  command({
    name: 'folder create',
    summary: 'create a folder',
    args: [{ name: 'path', meaning: 'for example /lab/blue; what is above must exist' }],
    examples: ['gantry folder create /lab'],
    async run({ client, args, out, dryRun, signal }) {
      const folder = await client.call('folder.create', { body: splitPath(args[0]) }, signal);
      out.line(`folder ${folder.path} ${wasOrWouldBe({ dryRun })} created`);
    },
  }),
  command({
    name: 'folder move',
    aliases: ['folder rename'],
    summary: 'rename a folder, or move it with all that is in it',
    args: [folderArgument, { name: 'path', meaning: 'its new path; what is above must exist' }],
    examples: ['gantry folder move /lab/blue /lab/green', 'gantry folder move /lab/blue /blue'],
    async run({ client, args, out, dryRun, signal }) {
      const [folder = '', path] = args;
      const moved = await client.call(
        'folder.update',
        { params: { folder }, body: splitPath(path) },
        signal,
      );
      out.line(`folder ${folder} ${wasOrWouldBe({ dryRun })} moved to ${moved.path}`);
    },
  }),
  command({
    name: 'folder delete',
    aliases: ['folder rm'],
    summary: 'delete an empty folder',
    args: [folderArgument],
    examples: ['gantry folder delete /lab'],
    async run({ client, args, out, dryRun, signal }) {
      await client.call('folder.delete', { params: { folder: args[0] ?? '' } }, signal);
      if (!dryRun) out.line(`folder ${args[0] ?? ''} was deleted`);
    },
  }),
];
