/** The installation as a whole: its settings and ports. What runs on this machine is in system.ts. */
import { formatBytes } from '#lib';
import type { Installation } from '#api';
import { parseAssignments } from '../assignments.ts';
import { command, type Command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { notWell } from '../exit.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { testPorts, type PortFinding } from '../system/ports.ts';

const portColumns: readonly Column<PortFinding>[] = [
  { title: 'PORT', value: ({ port, protocol }) => `${port}/${protocol}` },
  { title: 'DIRECTION', value: ({ direction }) => direction },
  { title: 'WHERE', value: ({ where }) => where },
  { title: 'PURPOSE', value: ({ purpose }) => purpose, wraps: true },
  { title: 'ENCRYPTION', value: ({ encryption }) => encryption, wraps: true },
  { title: 'RESULT', value: ({ result }) => result },
  { title: 'EVIDENCE', value: ({ evidence }) => evidence, wraps: true },
];

/** What all vms use together, where it is known. */
function describeUse({ use }: Installation): readonly (readonly [string, string])[] {
  if (use === null) return [];
  const size = (bytes: number | null): string =>
    bytes === null ? 'n/a' : formatBytes(Math.round(bytes));
  const rates = (into: number | null, out: number | null): string =>
    `${size(into)}/s, ${size(out)}/s`;
  return [
    [
      'processors',
      use.cpuPercent === null ? 'n/a' : `${use.cpuPercent.toFixed(0)} % of the vms' own`,
    ],
    ['memory', `${size(use.memoryBytes)} resident on hosts`],
    ['disks', `${size(use.diskSpaceBytes)} of files`],
    ['read, written', rates(use.diskReadBytesPerSecond, use.diskWrittenBytesPerSecond)],
    ['received, sent', rates(use.networkReceivedBytesPerSecond, use.networkSentBytesPerSecond)],
  ];
}

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
        ...describeUse(installation),
        ...Object.entries(settings).map(
          ([name, value]) =>
            [name, Array.isArray(value) ? value.join(', ') : String(value)] as const,
        ),
      ]);
    },
  }),
  command({
    name: 'system api',
    summary: 'the description of the API as OpenAPI 3.1, for tools',
    examples: ['gantry system api > openapi.json'],
    async run({ client, out, signal }) {
      out.bytes(await client.call('openapi.show', {}, signal));
    },
  }),
  command({
    name: 'system ports',
    summary: 'all network ports: direction, purpose, encryption, and what a test of each says',
    examples: ['gantry system ports', 'gantry system ports -o json'],
    async run({ client, installation, out, format, signal }) {
      const isLocal = installation.server === undefined;
      const findings = await testPorts({ client, isLocal, signal });
      writeList(out, format, portColumns, findings, 'no ports');
      return findings.some(({ result }) => result === 'failed') ? notWell : 0;
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
    async run({ client, args, out, format, signal }) {
      const { settings } = await client.call(
        'installation.update',
        { body: parseAssignments(args) },
        signal,
      );
      if (format === 'table') out.line('the settings were changed');
      else writeThing(out, format, settings, []);
    },
  }),
];
