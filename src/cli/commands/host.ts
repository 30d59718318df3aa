/** Commands on hosts. */
import { formatBytes } from '#lib';
import {
  formatWords,
  hostBulkActions,
  type CapacityResource,
  type Host,
  type HostCapacity,
  type HostDisk,
  type HostDiskReport,
  type HostFacts,
  type Installation,
} from '#api';
import { parseAssignments } from '../assignments.ts';
import { command, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { counted, localTime, wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { finish } from '../progress.ts';
import { hostColumns } from './columns.ts';
import { hostAdapterCommands } from './host-adapters.ts';
import { hostArchiveCommands } from './host-archives.ts';
import { hostDiskFileCommands } from './host-disk-files.ts';
import { hostDiskCommands } from './host-disks.ts';
import { describeConnection, hostConnectionCommands } from './host-connection.ts';
import { describeViewers, hostViewerCommands } from './viewers.ts';

const hostArgument = { name: 'host', meaning: 'name or id', completes: 'host' } as const;

/** How its vms are reached: consoles go through the coordinator (HOST-36). */
function describeAccess(
  server: string,
  { tls }: Installation,
): readonly (readonly [string, string])[] {
  const { hostname, port, protocol } = new URL(server);
  return [
    ['encryption', tls ? 'TLS' : 'none'],
    ['consoles', `${hostname} port ${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`],
  ];
}

/** What vms of a hypervisor that others run can be given. */
function describeForeign({
  networks,
  pools,
}: NonNullable<HostFacts['foreign']>): readonly (readonly [string, string])[] {
  return [
    ['networks', networks.join(', ') || 'none'],
    ...pools.map(
      ({ name, type, path }) =>
        ['pool', `${name} (${type}${path === null ? '' : `, ${path}`})`] as const,
    ),
  ];
}

/** A coordinator of before tells of none. */
function describeScripts({ settings }: Host): readonly (readonly [string, string])[] {
  const { scripts = [], runAs = null } = settings as Partial<Host['settings']>;
  const as = runAs === null ? '' : ` as ${runAs}`;
  return scripts.map(({ event, file, arguments: words }) => [
    'script',
    `${[file, ...words].join(' ')} at ${event}${as}`,
  ]);
}

function describeHost(host: Host): readonly (readonly [string, string])[] {
  const { facts, load } = host;
  return [
    ['name', host.name],
    ['id', host.id],
    ['status', host.statusReason === null ? host.status : `${host.status}: ${host.statusReason}`],
    ['driver', host.driver],
    ...describeConnection(host),
    ['vms', `${host.vms}${load === null ? '' : `, ${load.running} running`}`],
    ['last seen', localTime(host.lastSeenAt)],
    ...describeViewers(host),
    ['search path', host.settings.searchPath.join(', ') || '(no value)'],
    ...describeScripts(host),
    ...(facts === null
      ? []
      : ([
          ['system', `${facts.operatingSystem}, kernel ${facts.kernel}, ${facts.architecture}`],
          [
            'processor',
            `${facts.processor.model}, ${counted(facts.processor.sockets, 'socket')}, ${counted(facts.processor.cores, 'core')}, ${counted(facts.processor.threads, 'thread')} (${facts.processor.grade})`,
          ],
          [
            'memory',
            `${formatBytes(facts.memoryTotalBytes)}${load === null ? '' : `, ${formatBytes(load.memoryFreeBytes)} free for vms`}`,
          ],
          [
            'hypervisor',
            `${facts.hypervisor.name} ${facts.hypervisor.version ?? ''} (${facts.hypervisor.class})`,
          ],
          [
            'acceleration',
            `${facts.acceleration.use === 'tcg' ? 'software emulation' : facts.acceleration.use}; kvm ${facts.acceleration.kvm}: ${facts.acceleration.evidence}`,
          ],
          ['version', facts.agentVersion],
          ...(facts.additionsVersion === ''
            ? []
            : [['additions', `${facts.additionsVersion}, shipped for guests`] as const]),
          ['up since', localTime(facts.bootedAt)],
          ...(facts.foreign === undefined ? [] : describeForeign(facts.foreign)),
          ...facts.programs
            .filter((program) => !program.found)
            .map((program) => ['missing', `${program.name}: ${program.use}`] as const),
          ...Object.entries(facts.missing).map(
            ([ability, reason]) => ['cannot', `${ability}: ${reason}`] as const,
          ),
        ] as const)),
    ...(load === null
      ? []
      : load.volumes.map(
          (volume) =>
            [
              'volume',
              `${volume.path}: ${formatBytes(volume.freeBytes)} of ${formatBytes(volume.totalBytes)} free`,
            ] as const,
        )),
  ];
}

const bulkSummaries: Readonly<Record<(typeof hostBulkActions)[number], string>> = {
  'turn-on-all': 'turn on all vms that are off',
  'turn-off-all': 'turn off all running vms at once, without a shutdown of their guests',
  'pause-all': 'pause all running vms',
  'resume-all': 'resume all paused vms',
  start: 'start the virtualization service',
  stop: "stop the virtualization service: each vm's stop action, then no vm starts",
};

function bulkCommand(action: (typeof hostBulkActions)[number]): Command {
  return command({
    name: `host ${action}`,
    summary: bulkSummaries[action],
    args: [hostArgument],
    examples: [`gantry host ${action} h1`],
    async run(run) {
      const host = run.args[0] ?? '';
      if (action !== 'start' && !run.dryRun && run.out.interactive) {
        const params = { host, action };
        const plan = await run.client.dryRun('host.bulk', { params, body: {} }, run.signal);
        const texts = (code: string): readonly string[] =>
          plan.warnings.filter((one) => one.code === code).map(({ text }) => text);
        const [acts, leaves] = [texts('acts-on'), texts('leaves-out')];
        run.out.note(`acts on ${counted(acts.length, 'vm')} of ${host}: ${acts.join(', ') || '-'}`);
        if (leaves.length > 0)
          run.out.note(`leaves out ${counted(leaves.length, 'vm')}: ${leaves.join(', ')}`);
        await confirm(run, `${bulkSummaries[action]}. Go on?`);
      }
      const started = await run.client.call(
        'host.bulk',
        { params: { host, action }, body: {} },
        run.signal,
      );
      if (run.dryRun) return;
      await finish(run, started, (ended) => {
        const count = (key: string): number => {
          const list = ended.result?.[key];
          return Array.isArray(list) ? list.length : 0;
        };
        return `${action} ${host}: ${count('actedOn')} acted on, ${count('skipped')} skipped, ${count('failed')} failed`;
      });
    },
  });
}

const diskColumns: readonly Column<HostDisk>[] = [
  { title: 'FILE', value: ({ path }) => path, wraps: true },
  {
    title: 'FORMAT',
    value: ({ format, variant }) => (format === null ? '?' : formatWords(format, variant)),
  },
  {
    title: 'SIZE',
    value: ({ sizeBytes }) => (sizeBytes === null ? '?' : formatBytes(sizeBytes)),
    align: 'right',
  },
  { title: 'ON DISK', value: ({ fileBytes }) => formatBytes(fileBytes), align: 'right' },
  {
    title: 'CHAIN',
    value: ({ chainBytes }) => formatBytes(chainBytes),
    align: 'right',
    wide: true,
  },
  { title: 'PARENT', value: ({ parent, parentPath }) => parentPath ?? parent ?? '-', wraps: true },
  { title: 'VMS', value: ({ vms }) => (vms.length === 0 ? '-' : vms.join(', ')) },
  {
    title: 'PROBLEM',
    value: ({ problem, orphan }) =>
      problem ?? (orphan === 'parent-missing' ? 'its parent is missing' : ''),
    wraps: true,
  },
];

function describeDisk(report: HostDiskReport): readonly (readonly [string, string])[] {
  const { sizeBytes, chain, children, vms, system, snapshots = [], findings } = report;
  const list = (items: readonly string[]): string => (items.length === 0 ? '-' : items.join(', '));
  return [
    ['file', report.path],
    ['format', report.format === null ? '?' : formatWords(report.format, report.variant)],
    ['size', sizeBytes === null ? '?' : formatBytes(sizeBytes)],
    ['on disk', formatBytes(report.fileBytes)],
    ['identity', report.identity ?? '-'],
    ...(system ? [['holds', 'an installed system'] as const] : []),
    ...snapshots.map(({ id, name, takenAt }) => ['snapshot', `${id} ${name}, ${takenAt}`] as const),
    ['parents', list(chain)],
    ['size of the chain', formatBytes(report.chainBytes)],
    ['children', list(children)],
    ['vms', list(vms)],
    ...(report.problem === null ? [] : [['problem', report.problem] as const]),
    ...(findings.length === 0
      ? [['findings', 'none'] as const]
      : findings.map(({ kind, path, text }) => [kind, `${path}: ${text}`] as const)),
  ];
}

function describeCapacity(capacity: HostCapacity): readonly (readonly [string, string])[] {
  const amount = (resource: CapacityResource, value: number): string =>
    resource === 'memory' || resource === 'disk' ? formatBytes(value) : String(value);
  return [
    ['fits', counted(capacity.fits, 'more vm')],
    ['runs out first', capacity.runsOutFirst],
    ...capacity.resources.map(
      ({ resource, free, each, fits }) =>
        [
          resource,
          `${amount(resource, free)} free, ${amount(resource, each)} each: ${fits === null ? 'no limit' : `room for ${fits}`}`,
        ] as const,
    ),
  ];
}

export const hostCommands: readonly Command[] = [
  command({
    name: 'host list',
    aliases: ['host ls'],
    summary: 'list hosts',
    options: listOptions,
    examples: ['gantry host list -o wide'],
    async run(run) {
      writeList(
        run.out,
        run.format,
        hostColumns,
        await collect(run, 'host.list', listQuery(run.options)),
        'no hosts',
      );
    },
  }),
  command({
    name: 'host show',
    summary: 'show a host',
    args: [hostArgument],
    examples: ['gantry host show h1'],
    async run({ client, args, out, format, signal }) {
      const host = await client.call('host.show', { params: { host: args[0] ?? '' } }, signal);
      const installation = await client.call('installation.show', {}, signal);
      const access = describeAccess(client.server, installation);
      writeThing(out, format, host, [...describeHost(host), ...access]);
    },
  }),
  command({
    name: 'host set',
    summary: 'change settings of a host',
    args: [hostArgument, { name: 'path=value', meaning: 'settings', rest: true }],
    examples: ['gantry host set h1 settings.maxRunningVms=20', 'gantry host set h1 name=rack1-03'],
    async run({ client, args, out, dryRun, signal }) {
      const [host = '', ...words] = args;
      const changed = await client.call(
        'host.update',
        { params: { host }, body: parseAssignments(words) },
        signal,
      );
      out.line(`host ${changed.name} ${wasOrWouldBe({ dryRun })} changed`);
    },
  }),
  command({
    name: 'host disks',
    summary: 'all disks in the folders for vms of a host, used by a vm or by none',
    args: [hostArgument],
    options: { unused: { type: 'flag', meaning: 'only those that no vm uses' } },
    examples: ['gantry host disks h1', 'gantry host disks h1 --unused'],
    async run({ args, options, client, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const { disks, complete } = await client.call('host.disks', { params }, signal);
      const shown = options.unused === true ? disks.filter(({ vms }) => vms.length === 0) : disks;
      writeList(out, format, diskColumns, shown, 'no disks');
      if (!complete) out.note('there are more disks than were looked at');
    },
  }),
  command({
    name: 'host disk',
    summary:
      'all that can be said of a disk on a host: its chain, who uses it, what is wrong with it',
    args: [hostArgument, { name: 'file', meaning: 'path on the host', completes: 'file' }],
    examples: ['gantry host disk h1 /var/lib/gantry/agent/vms/web-1/web-1.qcow2'],
    async run({ args, client, out, format, signal }) {
      const [host = '', file = ''] = args;
      const report = await client.call('host.disk', { params: { host }, query: { file } }, signal);
      writeThing(out, format, report, describeDisk(report));
    },
  }),
  command({
    name: 'host capacity',
    summary: 'how many more vms of a size fit on a host, and what runs out first',
    args: [hostArgument],
    options: {
      memory: { type: 'size', short: 'm', value: 'SIZE', meaning: 'memory of each; default: 1G' },
      processors: { type: 'number', value: 'N', meaning: 'virtual processors of each; default: 1' },
      reserve: {
        type: 'number',
        value: 'PERCENT',
        meaning: 'what of each processor is reserved; default: 0',
      },
      disk: { type: 'size', value: 'SIZE', meaning: 'what the disks of each take when full' },
    },
    examples: ['gantry host capacity h1 --memory 4G --processors 2 --reserve 50 --disk 20G'],
    async run({ args, options, client, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const { memory, processors, reserve, disk } = options;
      const query = {
        ...(memory === undefined ? {} : { memoryBytes: memory }),
        ...(processors === undefined ? {} : { processors }),
        ...(reserve === undefined ? {} : { cpuReservePercent: reserve }),
        ...(disk === undefined ? {} : { diskBytes: disk }),
      };
      const capacity = await client.call('host.capacity', { params, query }, signal);
      writeThing(out, format, capacity, describeCapacity(capacity));
    },
  }),
  command({
    name: 'host diagnose',
    summary: 'check a host: result, evidence and remedy per check',
    args: [hostArgument],
    examples: ['gantry host diagnose h1'],
    async run({ client, args, out, format, signal }) {
      const { findings } = await client.call(
        'host.diagnose',
        { params: { host: args[0] ?? '' } },
        signal,
      );
      writeList(
        out,
        format,
        [
          { title: 'CHECK', value: (finding) => finding.check, wraps: true },
          { title: 'RESULT', value: (finding) => finding.result },
          { title: 'EVIDENCE', value: (finding) => finding.evidence, wraps: true },
          { title: 'REMEDY', value: (finding) => finding.remedy ?? '', wraps: true },
        ],
        findings,
        'no checks',
      );
    },
  }),
  command({
    name: 'host probe',
    summary: 'probe programs and acceleration again',
    args: [hostArgument],
    examples: ['gantry host probe h1'],
    async run(run) {
      const host = run.args[0] ?? '';
      await finish(
        run,
        await run.client.call('host.probe', { params: { host } }, run.signal),
        () => `host ${host} was probed`,
      );
      run.out.hint(`gantry host show ${host}`);
    },
  }),
  command({
    name: 'host discover',
    summary: 'look for vms added or removed behind our back',
    args: [hostArgument],
    examples: ['gantry host discover h1'],
    async run(run) {
      const host = run.args[0] ?? '';
      await finish(
        run,
        await run.client.call('host.discover', { params: { host } }, run.signal),
        () => `host ${host} was searched`,
      );
    },
  }),
  command({
    name: 'host remove',
    summary:
      'remove a host that carries no vms, or a connection; vms seen over it stay as they are',
    args: [hostArgument],
    examples: ['gantry host remove h9'],
    async run(run) {
      const host = run.args[0] ?? '';
      if (!run.dryRun) await confirm(run, 'Type the name to remove the host', host);
      await run.client.call('host.remove', { params: { host } }, run.signal);
      if (!run.dryRun) run.out.line(`host ${host} was removed`);
    },
  }),
  command({
    name: 'host join-token',
    summary: 'make a one-time token with which a host joins',
    options: {
      host: {
        type: 'text',
        value: 'HOST',
        meaning: 'for a host that has lost its certificate; default: a new one',
      },
    },
    examples: ['gantry host join-token', 'gantry host join-token --host h1'],
    async run({ client, options, out, format, signal }) {
      const query = { host: options.host };
      const token = await client.call('host.join-token', { query }, signal);
      writeThing(out, format, token, [
        ['token', token.token],
        ['expires', localTime(token.expiresAt)],
        ['authority', token.fingerprint],
      ]);
    },
  }),
  ...hostDiskCommands,
  ...hostArchiveCommands,
  ...hostDiskFileCommands,
  ...hostAdapterCommands,
  ...hostConnectionCommands,
  ...hostViewerCommands,
  ...hostBulkActions.map(bulkCommand),
];
