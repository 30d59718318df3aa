/** Certificates, the audit trail, roles of one's own, and second factors that were lost. */
import type { AuditEntry, Certificate } from '#api';
import { Fault } from '#lib';
import { command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { localTime } from '../output/human.ts';
import { periodOf, periodOptions } from '../moment.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { readPem } from '../read-pem.ts';
import { verbList } from './access.ts';

const certificateColumns: readonly Column<Certificate>[] = [
  { title: 'WHAT', value: (one) => one.what },
  { title: 'NAME', value: (one) => one.name, wraps: true },
  { title: 'STATE', value: (one) => one.state },
  { title: 'EXPIRES', value: (one) => localTime(one.expiresAt) },
  { title: 'RENEWED', value: (one) => one.renewed },
  { title: 'ISSUED BY', value: (one) => one.issuedBy, wide: true },
  { title: 'SHA-256', value: (one) => one.fingerprint, wide: true },
];

const auditColumns: readonly Column<AuditEntry>[] = [
  { title: 'TIME', value: (entry) => localTime(entry.time) },
  { title: 'USER', value: (entry) => entry.user ?? '-' },
  { title: 'FROM', value: (entry) => entry.origin ?? '-' },
  { title: 'REQUEST', value: (entry) => entry.route || entry.method },
  { title: 'OBJECT', value: (entry) => entry.object ?? '-', wraps: true },
  { title: 'ANSWER', value: (entry) => `${entry.status} ${entry.code ?? ''}`.trimEnd() },
  { title: 'MEANS', value: (entry) => entry.means, wide: true },
  { title: 'CORRELATION', value: (entry) => entry.correlationId, wide: true },
];

export const securityCommands = [
  command({
    name: 'certificate list',
    aliases: ['certificate ls'],
    summary: 'certificates in use and when they expire',
    examples: ['gantry certificate list -o wide'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('certificate.list', {}, signal);
      writeList(out, format, certificateColumns, items, 'no certificates');
    },
  }),
  command({
    name: 'certificate set',
    summary:
      'supply the certificate and the key that people are shown, at once and without a restart',
    args: [
      { name: 'chain', meaning: 'PEM file: the certificate and those above it', completes: 'file' },
      { name: 'key', meaning: 'PEM file, without a passphrase', completes: 'file' },
    ],
    examples: ['gantry certificate set gantry.pem gantry-key.pem'],
    async run({ client, args, out, format, signal }) {
      const [chainFile = '', keyFile = ''] = args;
      const body = { chain: await readPem(chainFile), key: await readPem(keyFile) };
      const { items } = await client.call('certificate.set', { body }, signal);
      writeList(out, format, certificateColumns, items, 'no certificates');
    },
  }),
  command({
    name: 'certificate generate',
    summary:
      "generate or renew the certificate that people are shown, of the installation's authority",
    examples: ['gantry certificate generate'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('certificate.generate', {}, signal);
      writeList(out, format, certificateColumns, items, 'no certificates');
    },
  }),
  command({
    name: 'certificate authority',
    summary: "the certificate of the installation's own authority, as PEM",
    examples: ['gantry certificate authority > gantry-authority.pem'],
    async run({ client, out, signal }) {
      out.bytes(await client.call('authority.show', {}, signal));
    },
  }),
  command({
    name: 'audit list',
    aliases: ['audit ls'],
    summary: 'who asked for what and what was answered, newest first',
    options: {
      filter: { ...listOptions.filter, meaning: 'for example: user = ada AND status >= 400' },
      limit: listOptions.limit,
      ...periodOptions,
    },
    examples: ['gantry audit list -n 20', 'gantry audit list -f "code = forbidden"'],
    async run(run) {
      const { limit, query } = listQuery({ ...run.options, limit: run.options.limit ?? 100 });
      const period = periodOf(run.options, Date.now());
      const items = await collect(run, 'audit.list', { limit, query: { ...query, ...period } });
      writeList(run.out, run.format, auditColumns, items, 'nothing in the audit trail');
    },
  }),
  command({
    name: 'audit verify',
    summary: 'read the whole audit trail and say whether it is as it was written',
    examples: ['gantry audit verify', 'gantry audit verify -o json'],
    async run({ client, out, format, signal }) {
      const { lines, problems, lastHash } = await client.call('audit.verify', {}, signal);
      writeThing(out, format, { lines, problems, lastHash }, [
        ['lines', String(lines)],
        ['chain', problems.length === 0 ? 'whole' : 'broken'],
        ['last hash', lastHash ?? '-'],
        ...problems.map(({ file, line, what }) => [`${file}:${line}`, what] as const),
      ]);
      if (problems.length === 0) return;
      throw new Fault('corrupt', 'the audit trail is not as it was written', {
        facts: { problems: problems.length },
        hint: 'compare coordinator/audit with a backup; a last hash that was kept elsewhere tells which is right',
      });
    },
  }),
  command({
    name: 'role change',
    summary: 'change what a role may do, for everybody who has it',
    args: [
      { name: 'role', meaning: 'name or id' },
      { name: 'rights', meaning: 'with commas' },
    ],
    examples: ['gantry role change night-shift vm.view,vm.power,vm.console'],
    async run({ client, args, out, signal }) {
      const [role = '', rights = ''] = args;
      const changed = await client.call(
        'role.update',
        { params: { role }, body: { verbs: verbList(rights) } },
        signal,
      );
      out.line(`role ${changed.name} has ${changed.verbs.length} rights`);
    },
  }),
  command({
    name: 'user reset-factor',
    summary: "take away a user's second factor, for example a lost telephone",
    args: [{ name: 'user', meaning: 'name or id', completes: 'user' }],
    examples: ['gantry user reset-factor ada'],
    async run({ client, args, out, dryRun, signal }) {
      const [user = ''] = args;
      await client.call('user.second-factor.delete', { params: { user } }, signal);
      if (!dryRun)
        out.line(`user ${user} signs in without a second factor until a new one is set up`);
    },
  }),
];
