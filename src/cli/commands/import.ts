/** `vm import`: a vm of another product, checked first, then taken over. */
import { type DryRun, type Operation, type TransferFinding, type VmImport } from '#api';
import { command } from '../command.ts';
import { plain, type Writer } from '../output/writer.ts';

import { writeThing } from '../output/render.ts';
import { finish, tellWarnings } from '../progress.ts';
import { sendArchive } from './import-source.ts';

type Choice = keyof Pick<
  VmImport,
  | 'adapters'
  | 'origin'
  | 'takenAddresses'
  | 'undo'
  | 'savedState'
  | 'snapshots'
  | 'sound'
  | 'format'
>;

const titles: Readonly<Record<TransferFinding['effect'], string>> = {
  carried: 'carried over',
  adapted: 'adapted',
  dropped: 'dropped',
  blocking: 'in the way',
};

export const importCommand = command({
  name: 'vm import',
  summary: 'take over a vm of VMware, Virtual PC or Virtual Server from its configuration file',
  args: [
    {
      name: 'file',
      meaning:
        '.vmx, .vmc or .ovf on the host, their folder, or an archive with them (.ova, zip, tar, tar.gz, …)',
      completes: 'file',
    },
  ],
  options: {
    name: { type: 'text', value: 'NAME', meaning: 'default: as it is called there' },
    host: { type: 'text', value: 'HOST', meaning: 'on which host the files are' },
    upload: { type: 'flag', meaning: 'FILE is an archive of this machine: send it first' },
    folder: { type: 'text', value: 'PATH', meaning: 'filed in which folder' },
    format: {
      type: 'text',
      words: ['qcow2', 'raw'],
      value: 'FORMAT',
      meaning: 'of the disks that are made: qcow2 (default) or raw',
    },
    network: {
      type: 'list',
      value: 'NETWORK',
      meaning: 'for its adapters, one for all or one for each: a network, user (default) or none',
    },
    map: {
      type: 'list',
      value: 'THERE=NETWORK',
      meaning: 'what a network is here, by its name there',
    },
    remember: { type: 'flag', meaning: 'keep --map for further imports' },
    adapters: {
      type: 'text',
      words: ['all', 'first-of-network'],
      value: 'WHICH',
      meaning: 'all (default), or of several on one network the first alone',
    },
    origin: {
      type: 'text',
      words: ['moved', 'copied'],
      value: 'WHICH',
      meaning:
        'moved (default), or copied: it goes on there, so UUID and generated addresses are new',
    },
    'taken-addresses': {
      type: 'text',
      words: ['keep', 'new'],
      value: 'WHAT',
      meaning: 'for MAC addresses that another vm has: keep or new',
    },
    undo: {
      type: 'text',
      words: ['commit', 'discard', 'snapshot'],
      value: 'WHAT',
      meaning: 'for its undo disks: commit, discard or snapshot',
    },
    'saved-state': {
      type: 'text',
      words: ['discard'],
      value: 'discard',
      meaning: 'import it without its saved state',
    },
    snapshots: {
      type: 'text',
      words: ['import', 'flatten'],
      value: 'WHAT',
      meaning: 'for its snapshots: import, or flatten (default)',
    },
    sound: {
      type: 'text',
      words: ['keep', 'remove'],
      value: 'WHAT',
      meaning: 'for its sound card: keep (default) or remove',
    },
    start: { type: 'flag', short: 's', meaning: 'turn it on afterwards' },
  },
  examples: [
    'gantry vm import /srv/old/web.vmx --dry-run',
    'gantry vm import /srv/in/shop.ova --network lan',
    'gantry vm import /srv/old/web.vmc --name web-1 --undo commit --start',
    'gantry vm import web.zip --upload --host h1',
    'gantry vm import /srv/old/router.vmx --network lan --network dmz',
    'gantry vm import /srv/old/shop.vmx --map "VM Network=lan" --remember --snapshots import',
  ],
  async run(run) {
    const { args, options, client, out, dryRun, signal } = run;
    const { name, folder, network, map } = options;
    const file = args[0] ?? '';
    if (dryRun && options.upload === true)
      return out.line(
        `would send ${file} first; what becomes of the vm in it is known when it is unpacked on a host`,
      );
    const sent = options.upload === true ? await sendArchive(run, file, options.host) : undefined;
    const host = sent?.host ?? options.host;
    const choices: Readonly<Record<Choice, string | undefined>> = {
      format: options.format,
      adapters: options.adapters,
      origin: options.origin,
      takenAddresses: options['taken-addresses'],
      undo: options.undo,
      savedState: options['saved-state'],
      snapshots: options.snapshots,
      sound: options.sound,
    };
    const chosen = Object.entries(choices).filter(([, value]) => value !== undefined);
    const body = {
      file,
      ...(name === undefined ? {} : { name }),
      ...(host === undefined ? {} : { host }),
      ...(folder === undefined ? {} : { folder }),
      ...(network === undefined ? {} : { networks: [...network] }),
      ...(map === undefined ? {} : { networkNames: [...map] }),
      ...(options.remember === true ? { rememberNetworks: true } : {}),
      ...(Object.fromEntries(chosen) as Partial<Pick<VmImport, Choice>>),
      start: options.start === true,
      ...(sent === undefined ? {} : { file: sent.file, upload: sent.upload, sha256: sent.sha256 }),
    };
    if (dryRun) {
      const plan = await client.dryRun('vm.import', { body }, signal);
      if (run.format === 'json') return writeThing(out, 'json', plan, []);
      return tellImport(out, plan);
    }
    try {
      const started = await client.call('vm.import', { body }, signal);
      const ended = await finish(run, started, (done) => `vm ${nameOf(done)} was imported`);
      if (!run.wait) return;
      const { stays, why } = ended.result ?? {};
      if (typeof stays === 'string') out.note(plain(`${stays} stays: ${String(why)}`));
      if (!body.start) out.hint(`gantry vm start ${nameOf(ended)}`);
    } catch (error) {
      if (sent !== undefined)
        out.note('what was sent is kept on the host for a day: the same command goes on with it');
      throw error;
    }
  },
});

/** The vm's; the target of an import out of an archive is the host. */
function nameOf({ result, target }: Operation): string {
  const name = result?.['name'];
  return typeof name === 'string' ? name : target.name;
}

/** All that becomes of the vm, and whether it could be. */
function tellImport(out: Writer, plan: DryRun): void {
  tellTransfer(out, plan.findings ?? []);
  const told = new Set((plan.findings ?? []).map(({ text }) => text));
  tellWarnings(out, { ...plan, warnings: plan.warnings.filter(({ text }) => !told.has(text)) });
  if (plan.target.kind !== 'vm') return;
  const isBlocked = plan.findings?.some(({ effect }) => effect === 'blocking');
  if (isBlocked !== true) return out.line(`vm ${plan.target.name} could be imported`);
  out.line(`vm ${plan.target.name} cannot be imported yet`);
}

/** By what becomes of them, each with its remedy. */
export function tellTransfer(out: Writer, findings: readonly TransferFinding[]): void {
  for (const [effect, title] of Object.entries(titles)) {
    const of = findings.filter((one) => one.effect === effect);
    if (of.length > 0) out.note(`${title}:`);
    for (const { text, remedy } of of)
      out.note(`  ${plain(remedy === null ? text : `${text}; ${remedy}`)}`);
  }
}
