/** Commands on hosts. */
import { formatBytes } from '#lib';
import { hostBulkActions, type Host } from '#api';
import { parseAssignments } from '../assignments.ts';
import { command, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { counted, localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { finish } from '../progress.ts';
import { hostColumns } from './columns.ts';

const hostArgument = { name: 'host', meaning: 'name or id', completes: 'host' } as const;

function describeHost(host: Host): readonly (readonly [string, string])[] {
  const { facts, load } = host;
  return [
    ['name', host.name],
    ['id', host.id],
    ['status', host.statusReason === null ? host.status : `${host.status}: ${host.statusReason}`],
    ['driver', host.driver],
    ['vms', `${host.vms}${load === null ? '' : `, ${load.running} running`}`],
    ['last seen', localTime(host.lastSeenAt)],
    ...(facts === null
      ? []
      : ([
          ['system', `${facts.operatingSystem}, kernel ${facts.kernel}, ${facts.architecture}`],
          [
            'processor',
            `${facts.processor.model}, ${facts.processor.sockets} sockets, ${facts.processor.cores} cores, ${facts.processor.threads} threads (${facts.processor.grade})`,
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
          ['additions', `${facts.additionsVersion}, shipped for guests`],
          ['up since', localTime(facts.bootedAt)],
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
        const vms = await collect(run, 'vm.list', {
          limit: undefined,
          query: { filter: `host = "${host}"`, limit: 500 },
        });
        run.out.note(
          `${counted(vms.length, 'vm')} of ${host}: ${vms.map((vm) => vm.name).join(', ')}`,
        );
        await confirm(run, `${bulkSummaries[action]}. Go on?`);
      }
      const started = await run.client.call(
        'host.bulk',
        { params: { host, action }, body: {}, query: { dryRun: run.dryRun } },
        run.signal,
      );
      if (run.dryRun) return;
      await finish(run, started, (ended) => {
        const count = (key: string): number => {
          const list = ended.result?.[key];
          return Array.isArray(list) ? list.length : 0;
        };
        return `${action} ${host}: ${count('acted')} acted on, ${count('skipped')} skipped, ${count('failed')} failed`;
      });
    },
  });
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
      writeThing(out, format, host, describeHost(host));
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
        { params: { host }, body: parseAssignments(words), query: { dryRun } },
        signal,
      );
      out.line(`host ${changed.name} was changed`);
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
          { title: 'CHECK', value: (finding) => finding.check },
          { title: 'RESULT', value: (finding) => finding.result },
          { title: 'EVIDENCE', value: (finding) => finding.evidence },
          { title: 'REMEDY', value: (finding) => finding.remedy ?? '' },
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
    summary: 'remove a host that carries no vms',
    args: [hostArgument],
    examples: ['gantry host remove h9'],
    async run(run) {
      const host = run.args[0] ?? '';
      if (!run.dryRun) await confirm(run, 'Type the name to remove the host', host);
      await run.client.call(
        'host.remove',
        { params: { host }, query: { dryRun: run.dryRun } },
        run.signal,
      );
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
  ...hostBulkActions.map(bulkCommand),
];
