/** `vm export`: the definition of a vm for `apply`, or the whole vm for another product. */
import { Fault } from '#lib';
import { exportTargets } from '#api';
import { command } from '../command.ts';
import { writeThing } from '../output/render.ts';
import { finish } from '../progress.ts';
import { tellTransfer } from './import.ts';

export const exportCommand = command({
  name: 'vm export',
  summary:
    'the definition of a vm as a document, for apply; or the vm with its disks, for another product',
  args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
  options: {
    as: {
      type: 'text',
      words: exportTargets,
      value: 'PRODUCT',
      meaning: `which is to run it: ${exportTargets.join(', ')}`,
    },
    path: {
      type: 'text',
      value: 'DIR',
      meaning: 'with --as: folder of its host that is made for it; with --as ovf also a file .ova',
    },
    'saved-state': {
      type: 'text',
      words: ['discard'],
      value: 'discard',
      meaning: 'with --as: export a saved vm without its state',
    },
    'move-to-ide': {
      type: 'flag',
      meaning: 'with --as: put disks on free IDE positions, for which the guest has the driver',
    },
    'sign-with': {
      type: 'text',
      value: 'FILE',
      meaning: 'with --as ovf: PEM file of its host with the key and certificate to sign with',
    },
  },
  examples: [
    'gantry vm export web-1 > web-1.yaml',
    'gantry vm export web-1 -o json',
    'gantry vm export web-1 --as vmware-workstation --path /srv/out/web-1 --dry-run',
    'gantry vm export web-1 --as ovf --path /srv/out/web-1.ova',
    'gantry vm export old --as virtual-server-2005 --path /srv/out/old --move-to-ide',
  ],
  async run(run) {
    const { client, args, options, out, format, dryRun, signal } = run;
    const vm = args[0] ?? '';
    const { as, path } = options;
    if (as === undefined) {
      const file = await client.call('vm.export', { params: { vm } }, signal);
      return writeThing(out, format === 'json' ? 'json' : 'yaml', file, []);
    }
    if (path === undefined)
      throw new Fault('invalid', 'there is no folder to export to', {
        hint: 'name one with --path',
      });
    const body = {
      as,
      path,
      ...(options['saved-state'] === undefined ? {} : { savedState: options['saved-state'] }),
      ...(options['sign-with'] === undefined ? {} : { signWith: options['sign-with'] }),
      moveToIde: options['move-to-ide'] === true,
    };
    if (dryRun) {
      const plan = await client.dryRun('vm.hand-out', { params: { vm }, body }, signal);
      if (format === 'json') return writeThing(out, 'json', plan, []);
      const findings = plan.findings ?? [];
      tellTransfer(out, findings);
      const isBlocked = findings.some(({ effect }) => effect === 'blocking');
      return out.line(`vm ${vm} ${isBlocked ? 'cannot be exported yet' : 'could be exported'}`);
    }
    const started = await client.call('vm.hand-out', { params: { vm }, body }, signal);
    await finish(run, started, () => `vm ${vm} was exported to ${path}`);
  },
});
