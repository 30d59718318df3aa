/** up, down, status, uninstall: this machine's programs. */
import { homedir } from 'node:os';
import { Fault, isFault } from '#lib';
import { chooseShutdown, finishedStates, type PowerAction, type Vm } from '#api';
import { command, type Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { findConnection, openClient, readCoordinatorFile } from '../connection.ts';
import { notWell } from '../exit.ts';
import { defaultListen, type Installation } from '../installation.ts';
import { writeList } from '../output/render.ts';
import { checkMachine } from '../system/checks.ts';
import { ensureCommands } from '../system/command-build.ts';
import { ensureConsole } from '../system/console-build.ts';
import { ensureDefaultNetwork } from '../system/default-network.ts';
import { ensureFirstVm } from '../system/first-vm.ts';
import {
  checkDataFolder,
  foldersMade,
  isInstalled,
  named,
  removeFolders,
} from '../system/footprint.ts';
import { greet } from '../system/greeting.ts';
import { leaveMachine } from '../system/leave-machine.ts';
import { endLeftProcesses } from '../system/left-processes.ts';
import { bringNeeds, hostNeeds } from '../system/packages.ts';
import { isOutdated, renewal } from '../system/program-build.ts';
import { ensureAgent, ensureCoordinator, runPrograms } from '../system/programs.ts';
import { endProgram, programRuns } from '../system/running.ts';
import { findServiceManager, removeService } from '../system/systemd.ts';
import {
  parseListen,
  parseSimulate,
  readStartSettings,
  writeStartSettings,
  type StartSettings,
} from '../system/settings.ts';
import { judgeInstallation } from '../system/status.ts';
import { inTurn } from '../system/turn.ts';

const stopLimitMs = 30_000;

const upOptions = {
  listen: {
    type: 'text',
    value: 'HOST:PORT',
    meaning: `where console and API listen; default ${defaultListen}`,
  },
  'libvirt-listen': {
    type: 'text',
    value: 'HOST[:PORT]',
    meaning:
      "where libvirt's clients of other machines are answered; default port 16514; off: nowhere, the default",
  },
  'no-vm': { type: 'flag', meaning: 'do not create the first vm' },
  'no-install': { type: 'flag', meaning: 'only report what is missing on this machine' },
  simulate: {
    type: 'text',
    value: 'HOSTSxVMS',
    meaning: 'a simulated fleet instead of this machine, for example 20x500',
  },
  foreground: { type: 'flag', meaning: 'stay in this terminal and show the logs' },
} as const;

function wantedSettings(run: Run<typeof upOptions>): StartSettings {
  const before = readStartSettings(run.installation);
  const { listen, simulate, 'libvirt-listen': libvirt } = run.options;
  return {
    ...before,
    libvirtListen: libvirt === undefined ? before?.libvirtListen : parseLibvirtListen(libvirt),
    listen: listen === undefined ? (before?.listen ?? defaultListen) : parseListen(listen),
    simulate: simulate === undefined ? (before?.simulate ?? null) : parseSimulate(simulate),
  };
}

/** That of libvirt's own servers for TLS. */
const libvirtPort = 16_514;

function parseLibvirtListen(text: string): string | undefined {
  if (text === 'off') return undefined;
  const hasPort = /^(?:\[[^\]]*\]|[^:[\]]*):\d+$/.test(text);
  return parseListen(hasPort ? text : `${text}:${libvirtPort}`);
}

/** Whether what runs listens elsewhere than this call asks for. */
function asksForOtherAddress(
  { installation, options }: Run<typeof upOptions>,
  url: string,
  settings: StartSettings,
): boolean {
  if (options.listen !== undefined && !url.endsWith(settings.listen)) return true;
  const before = readStartSettings(installation);
  return (
    options['libvirt-listen'] !== undefined && before?.libvirtListen !== settings.libvirtListen
  );
}

interface Prepared {
  /** With which the programs start. */
  readonly settings: StartSettings;
  readonly noConsole: string | undefined;
}

/** What is there before the programs start. */
async function prepare(run: Run<typeof upOptions>): Promise<Prepared> {
  const { installation, options } = run;
  const settings = wantedSettings(run);
  const running = readCoordinatorFile(installation);
  if (
    running !== undefined &&
    asksForOtherAddress(run, running.url, settings) &&
    (await programRuns(installation, 'coordinator'))
  ) {
    throw new Fault('refused', `the coordinator runs already, at ${running.url}`, {
      hint: 'stop it first with: gantry down',
    });
  }
  if (settings.simulate === null)
    await bringNeeds(run, hostNeeds(), options['no-install'] === true ? 'report' : 'install');
  writeStartSettings(installation, settings);
  const [noConsole] = await Promise.all([ensureConsole(run), ensureCommands(run.signal)]);
  return { settings, noConsole };
}

async function up(run: Run<typeof upOptions>): Promise<number | void> {
  const { installation, options, out, signal } = run;
  checkDataFolder(installation);
  checkMachine(installation);
  // In the foreground its turn is over before the programs are: who comes meanwhile finds them running.
  if (options.foreground === true)
    return foreground(run, (await inTurn(installation, out, signal, () => prepare(run))).settings);
  await inTurn(installation, out, signal, () => inBackground(run));
}

async function inBackground(run: Run<typeof upOptions>): Promise<void> {
  const { installation, options, out, signal } = run;
  const { settings, noConsole } = await prepare(run);
  const { client, started } = await ensureCoordinator(installation, settings, signal);
  if (started) out.note('the coordinator runs');
  const agent = await ensureAgent(installation, settings, client, signal);
  if (agent.started) out.note('the agent runs');
  if (!started && isOutdated()) out.note(out.typed(renewal));
  await ensureDefaultNetwork(run, settings, client, agent.hosts);
  const [host] = agent.hosts;
  const wantsVm = options['no-vm'] !== true && settings.simulate === null && host !== undefined;
  const vm = wantsVm ? await ensureFirstVm(run, client, host.name) : undefined;
  await greet(run, { client, settings, hosts: agent.hosts, vm, noConsole });
}

/** Both programs in this terminal, with their logs. */
async function foreground(run: Run<typeof upOptions>, settings: StartSettings): Promise<number> {
  const { installation, out, signal } = run;
  for (const program of ['coordinator', 'agent'] as const) {
    if (await programRuns(installation, program))
      throw new Fault('refused', `the ${program} runs already in the background`, {
        hint: 'stop it first with: gantry down',
      });
  }
  const ends = new AbortController();
  process.once('SIGTERM', () => ends.abort());
  const codes = await runPrograms(installation, settings, AbortSignal.any([signal, ends.signal]));
  out.note('both programs have ended; vms go on');
  return codes.some((code) => code.status === 'rejected' || code.value !== 0) && !signal.aborted
    ? 1
    : 0;
}

const vmEndings = { save: 'save', off: 'turn-off' } as const;

/** A paused guest cannot shut down. */
function gentleEnd(vm: Vm): PowerAction {
  return vm.state === 'paused' ? 'save' : chooseShutdown(vm.status.additions.state);
}

/** Takes the vms of this installation along before its programs stop; those that fail are named and stop the stop. */
async function endVms(
  run: Pick<Run, 'out' | 'signal' | 'installation'>,
  how: 'save' | 'shutdown' | 'off',
): Promise<void> {
  const { out, signal } = run;
  const client = openClient(findConnection(run.installation, process.env));
  const faults: string[] = [];
  const begun = [];
  for await (const vm of client.list(
    'vm.list',
    { filter: 'state = running OR state = paused' },
    signal,
  )) {
    const action = how === 'shutdown' ? gentleEnd(vm) : vmEndings[how];
    begun.push({
      vm,
      operation: client.call(
        'vm.act',
        { params: { vm: vm.id, action }, body: how === 'shutdown' ? { onTimeout: 'save' } : {} },
        signal,
      ),
    });
  }
  for (const { vm, operation } of begun) {
    const ended = await operation
      .then((started) => client.wait(started, undefined, signal))
      .catch((error: Error) => error);
    if (ended instanceof Error) faults.push(`${vm.name}: ${ended.message}`);
    else if (finishedStates.includes(ended.state) && ended.state !== 'done')
      faults.push(`${vm.name}: ${ended.fault?.message ?? ended.state}`);
    else
      out.note(`vm ${vm.name}: ${how === 'off' ? 'off' : how === 'save' ? 'saved' : 'shut down'}`);
  }
  if (faults.length > 0)
    throw new Fault(
      'refused',
      `some vms did not end, so nothing was stopped: ${faults.join('; ')}`,
      { hint: 'try --vms off' },
    );
}

async function stopPrograms(installation: Installation): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const program of ['agent', 'coordinator'] as const) {
    if (await endProgram(installation, program, stopLimitMs)) stopped.push(program);
  }
  return stopped;
}

export const systemCommands = [
  command({
    name: 'up',
    summary: 'make this machine a host with everything that runs on it',
    options: upOptions,
    examples: [
      'gantry up',
      'gantry up --yes --listen 0.0.0.0:7443',
      'gantry up --data /srv/lab --listen 127.0.0.1:7543',
      'gantry up --data /tmp/fleet --simulate 20x500',
    ],
    run: up,
  }),
  command({
    name: 'down',
    summary: 'stop coordinator and agent; vms go on',
    options: {
      vms: {
        type: 'text',
        words: ['save', 'shutdown', 'off'],
        value: 'HOW',
        meaning: 'take the vms along: save, shutdown or off',
      },
    },
    examples: ['gantry down', 'gantry down --vms save'],
    async run(run) {
      const how = run.options.vms;
      if (how === 'save' || how === 'shutdown' || how === 'off') await endVms(run, how);
      const stopped = await stopPrograms(run.installation);
      run.out.line(
        stopped.length === 0
          ? 'nothing ran'
          : `${stopped.join(' and ')} stopped${how === undefined ? '; vms go on' : ''}`,
      );
    },
  }),
  command({
    name: 'status',
    summary: 'what is well and what is not, with the reason and the remedy',
    examples: ['gantry status', 'gantry status -o json'],
    async run(run) {
      const findings = await judgeInstallation(run);
      writeList(
        run.out,
        run.format,
        [
          {
            title: '',
            value: (finding) =>
              ({ ok: '✓', information: 'i', warning: '!', error: '✗' })[finding.result],
          },
          { title: 'CHECK', value: (finding) => finding.check },
          { title: 'EVIDENCE', value: (finding) => finding.evidence, wraps: true },
          {
            title: 'REMEDY',
            value: (finding) => run.out.typed(finding.remedy ?? ''),
            wraps: true,
          },
        ],
        findings,
        'nothing to say',
      );
      return findings.some((finding) => finding.result === 'error') ? notWell : 0;
    },
  }),
  command({
    name: 'uninstall',
    summary: 'remove what was made: programs, units, data, vms',
    options: { 'keep-data': { type: 'flag', meaning: 'leave the data folder' } },
    examples: ['gantry uninstall', 'gantry uninstall --keep-data --yes'],
    async run(run) {
      const { installation, options, out } = run;
      if (!isInstalled(installation))
        return out.line(`nothing is installed at ${installation.data}`);
      const keepsData = options['keep-data'] === true;
      const folders = foldersMade(installation, keepsData ? 'without-data' : 'with-data');
      out.note('this will be deleted:');
      for (const folder of folders) out.note(`  ${folder}`);
      await confirm(
        run,
        'All vms of this installation are turned off, and what is in these folders is lost. Go on?',
      );
      try {
        await endVms(run, 'off');
      } catch (error) {
        if (!isFault(error, 'unavailable') || (await programRuns(installation, 'agent')))
          throw error;
      }
      await stopPrograms(installation);
      await endLeftProcesses(installation);
      await leaveMachine(installation, run.signal);
      const manager = findServiceManager(process.getuid?.() ?? 0);
      if (manager !== undefined)
        for (const program of ['agent', 'coordinator'] as const)
          await removeService(manager, installation, program);
      const left = removeFolders(installation, folders, homedir());
      out.line('removed');
      if (left.length > 0 && !keepsData)
        out.note(`${installation.data} stays, it holds other things: ${named(left)}`);
      out.hint(
        'packages that were installed stay; remove them with apt-get if nothing else needs them',
      );
    },
  }),
];
