/** The installation as a whole: its settings. What runs on this machine is in system.ts. */
import { parseAssignments } from '../assignments.ts';
import { command, type Command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeThing } from '../output/render.ts';

export const installationCommands: readonly Command[] = [
  command({
    name: 'system show',
    summary: 'the installation: version, encryption, what it holds, its settings',
    examples: ['gantry system show', 'gantry system show -o json'],
    async run({ client, out, format, signal }) {
      const installation = await client.call('installation.show', {}, signal);
      const { counts, settings } = installation;
      writeThing(out, format, installation, [
        ['version', `${installation.productVersion}, API ${installation.apiVersion}`],
        ['up since', localTime(installation.startedAt)],
        ['encryption', installation.tls ? 'TLS' : 'none'],
        ['hosts', String(counts.hosts)],
        ['vms', `${counts.vms}, ${counts.running} running`],
        ...Object.entries(settings).map(
          ([name, value]) =>
            [name, Array.isArray(value) ? value.join(', ') : String(value)] as const,
        ),
      ]);
    },
  }),
  command({
    name: 'system set',
    summary: 'change settings of the installation',
    args: [{ name: 'name=value', meaning: 'settings, as system show names them', rest: true }],
    examples: [
      'gantry system set eventScripts=true',
      'gantry system set sessionHours=8 auditReads=true',
    ],
    async run({ client, args, out, format, dryRun, signal }) {
      const { settings } = await client.call(
        'installation.update',
        { body: parseAssignments(args), query: { dryRun } },
        signal,
      );
      if (format === 'table') out.line('the settings were changed');
      else writeThing(out, format, settings, []);
    },
  }),
];
