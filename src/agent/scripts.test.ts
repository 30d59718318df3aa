/** Scripts attached to events of vms and of the host, with real vms and real programs of this host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  hostScriptSchema,
  maxScriptOutputBytes,
  vmDefinitionSchema,
  type AgentEvent,
  type HostScript,
  type Script,
} from '#api';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const skip = withoutQemu || (process.getuid?.() === 0 ? false : 'accounts of vms need root');
/** Longer than any command line and any text for people would bear. */
const awkward = `a "b" 'c' $(touch x) ; ü %s`;

describe('scripts', { skip }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
    await allow(true);
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const allow = (eventScripts: boolean) =>
    agent.host.call('host.configure', { settings: agent.coordinator.settings, eventScripts });

  /** A program that everybody may run. */
  const program = async (name: string, text: string): Promise<string> => {
    const file = join(agent.shelf, name);
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return file;
  };

  type Wanted = Pick<Script, 'event' | 'file'> & Partial<Script>;
  const define = (name: string, runAs: string | null, scripts: readonly Wanted[]) =>
    vmDefinitionSchema.parse({ ...bareDefinition(), name, settings: { runAs, scripts } });

  const told = (id: string): AgentEvent[] =>
    agent.host.events.filter((event) => event.vmId === id && event.name.startsWith('vm.script.'));

  /** What is told of the end of a script. */
  const ended = async (id: string, place = 0): Promise<AgentEvent> => {
    const ends = (): AgentEvent[] => told(id).filter(({ name }) => name !== 'vm.script.started');
    await agent.host.until('the end of a script', () => ends().length > place, 20_000);
    const end = ends()[place];
    assert.ok(end);
    return end;
  };

  test('VM-58 API-30 API-31 API-32 API-34 EVT-67 runs under the account of the vm, told of vm and event, and is told of', async () => {
    const file = await program(
      'look',
      `id -u; id -G; ps -o tty= -p $$; ps -o sid= -p $$ | tr -d ' '; echo $$
       grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status; pwd
       echo "$#"; for one in "$@"; do echo "<$one>"; done; cat; env`,
    );
    const script: Wanted = { event: 'vm.state.powered-on', file, arguments: ['-x y'] };
    const id = await agent.create(define(awkward, null, [script]));
    await agent.act(id, 'turn-on');
    const end = await ended(id);
    assert.deepEqual(
      told(id).map(({ name }) => name),
      ['vm.script.started', 'vm.script.finished'],
    );
    const { output, ...attributes } = end.attributes;
    const about = { script: file, event: 'vm.state.powered-on' };
    assert.deepEqual(attributes, { ...about, exitStatus: 0, errorOutput: '' });
    const lines = String(output).split('\n');
    const [uid = '', groups, terminal, session, pid, bounding, effective, privileges] = lines;
    const machine = agent.pid(id);
    const { stdout } = spawnSync('ps', ['-o', 'uid=', '-p', String(machine)], { encoding: 'utf8' });
    assert.equal(uid, stdout.trim(), 'that of its process');
    assert.ok(Number(uid) > 1_900_000_000, 'and of nothing else');
    assert.equal(groups, uid);
    assert.equal(terminal?.trim(), '?');
    assert.equal(session, pid, 'a session of its own');
    const values = [bounding, effective, privileges].map((line) => line?.split('\t').at(-1));
    assert.deepEqual(new Set(values), new Set(['0000000000000000', '1']));
    assert.deepEqual(lines.slice(8, 12), ['/', '2', `<${awkward}>`, '<-x y>']);
    const event = JSON.parse(lines[12] ?? '') as AgentEvent & { vmName: string; host: string };
    assert.equal(event.vmId, id);
    assert.equal(event.name, 'vm.state.powered-on');
    assert.equal(event.vmName, awkward);
    assert.ok('accelerator' in event.attributes);
    const environment = Object.fromEntries(
      lines.slice(13).map((line) => line.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>;
    assert.equal(environment['GANTRY_VM'], id);
    assert.equal(environment['GANTRY_VM_NAME'], awkward);
    assert.equal(environment['GANTRY_EVENT'], event.name);
    assert.equal(environment['GANTRY_TIME'], event.time);
    assert.equal(environment['GANTRY_HOST'], event.host);
    for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'HOME', 'NODE_OPTIONS'])
      assert.equal(environment[name], undefined, name);
    await agent.act(id, 'turn-off');
  });

  test('API-33 SEC-57 reads neither other vms’ files nor the secrets of the agent, and an administrator may choose its account', async () => {
    const other = bareDefinition({ disks: [testDisk('system.qcow2')] });
    const otherId = await agent.create(other, [newDisk('system.qcow2')]);
    const { files } = await agent.host.call('machine.files', { id: otherId });
    const data = join(agent.process.folder, 'data');
    const forbidden = [...files.map(({ path }) => path), join(data, 'credentials.json')];
    const lines = forbidden.map((path) => `cat '${path}' >/dev/null && exit 1`);
    const file = await program('reads', [...lines, 'id -un', 'exit 0'].join('\n'));
    for (const runAs of [null, 'nobody'] as const) {
      const script = { event: 'vm.state.powered-on', file } as const;
      const id = await agent.create(define(`reader-${runAs}`, runAs, [script]));
      await agent.act(id, 'turn-on');
      const { name, attributes } = await ended(id);
      assert.equal(name, 'vm.script.finished', JSON.stringify(attributes));
      assert.match(String(attributes['errorOutput']), /Permission denied/);
      if (runAs === 'nobody') assert.equal(attributes['output'], 'nobody\n');
      await agent.act(id, 'turn-off');
    }
    assert.ok(forbidden.length > 2);
  });

  test('API-35 is run by what its first line, else its extension, else nothing says', async () => {
    const texts = {
      'line.pl': '#!/bin/sh\necho "line $1"',
      'extension.pl': 'print "extension $ARGV[0] $$\\n" if $] > 5;',
      neither: 'echo "neither $1"',
    };
    const files = Object.entries(texts).map(async ([name, text]) => {
      const file = join(agent.shelf, name);
      await writeFile(file, text);
      await chmod(file, 0o755);
      return file;
    });
    const scripts = (await Promise.all(files)).map((file) => {
      return { event: 'vm.state.powered-on', file } as const;
    });
    const id = await agent.create(define('interpreted', null, scripts));
    await agent.act(id, 'turn-on');
    await ended(id, 2);
    const outputs = told(id).filter(({ name }) => name === 'vm.script.finished');
    assert.deepEqual(
      outputs.map(({ attributes }) => String(attributes['output']).replace(/ \d+\n/, '\n')),
      ['line interpreted\n', 'extension interpreted\n', 'neither interpreted\n'],
    );
    await agent.act(id, 'turn-off');
  });

  test('API-39 EVT-67 ends with all that it started when its time is over, and keeps only the beginning of its output', async () => {
    const mark = String(70_000_000 + process.pid);
    const slow = await program('slow', `trap '' TERM\nsleep ${mark} & sleep ${mark}`);
    const loud = await program('loud', `head -c 1000000 /dev/zero | tr '\\0' a; exit 3`);
    const id = await agent.create(
      define('limits', null, [
        { event: 'vm.state.powered-on', file: slow, timeoutSeconds: 1 },
        { event: 'vm.state.powered-on', file: loud },
        { event: 'vm.state.powered-on', file: join(agent.shelf, 'none') },
      ]),
    );
    await agent.act(id, 'turn-on');
    const over = await ended(id);
    assert.equal(over.name, 'vm.script.failed');
    assert.match(String(over.attributes['reason']), /longer than 1 s/);
    assert.equal(spawnSync('pgrep', ['-f', `^sleep ${mark}`], { encoding: 'utf8' }).stdout, '');
    const { attributes } = await ended(id, 1);
    assert.equal(attributes['output'], 'a'.repeat(maxScriptOutputBytes));
    assert.equal(attributes['exitStatus'], 3);
    assert.equal(attributes['reason'], 'exit status 3');
    assert.match(String((await ended(id, 2)).attributes['reason']), /none.*No such file/);
    await agent.act(id, 'turn-off');
  });

  test('scripts of the host run under an account that owns nothing, or one that an administrator chose, never one of theirs', async () => {
    const file = await program(
      'host-look',
      `id -u; id -G; grep -E '^(NoNewPrivs|CapBnd)' /proc/self/status; for one in "$@"; do echo "<$one>"; done
       cat '${join(agent.process.folder, 'data', 'credentials.json')}'; cat; env`,
    );
    const ofHost = (): AgentEvent[] =>
      agent.host.events.filter(
        ({ vmId, name }) => vmId === null && name.startsWith('host.script.'),
      );
    const runOn = async (event: HostScript['event'], runAs: string | null): Promise<AgentEvent> => {
      const script = hostScriptSchema.parse({ event, file, arguments: ['-x y'] });
      const settings = { ...agent.coordinator.settings, runAs, scripts: [script] };
      await agent.host.call('host.configure', { settings, eventScripts: true });
      const before = ofHost().length;
      const run = event === 'host.started';
      await agent.host.call('host.service', { run, cause: byTester });
      const ended = (): AgentEvent | undefined =>
        ofHost()
          .slice(before)
          .find(({ name }) => name !== 'host.script.started');
      await agent.host.until('the end of a script', () => ended() !== undefined, 20_000);
      const end = ended();
      assert.ok(end);
      return end;
    };
    const { name, attributes } = await runOn('host.stopped', null);
    assert.equal(name, 'host.script.finished', JSON.stringify(attributes));
    assert.match(String(attributes['errorOutput']), /Permission denied/);
    assert.deepEqual([attributes['script'], attributes['event']], [file, 'host.stopped']);
    const lines = String(attributes['output']).split('\n');
    const [uid, groups, privileges, bounding] = lines;
    assert.equal(Number(uid), 1_900_065_536, 'next to those of vms');
    assert.equal(groups, uid);
    assert.match(`${privileges} ${bounding}`, /NoNewPrivs:\t1 .*\t0+$|CapBnd:\t0+ .*\t1$/);
    const event = JSON.parse(lines[6] ?? '') as AgentEvent & { host: string };
    assert.deepEqual(lines.slice(4, 6), [`<${event.host}>`, '<-x y>']);
    assert.deepEqual([event.name, event.vmId], ['host.stopped', null]);
    const environment = lines.slice(7).filter((line) => line.startsWith('GANTRY_'));
    assert.deepEqual(
      environment.toSorted(),
      [
        'GANTRY_EVENT=host.stopped',
        `GANTRY_HOST=${event.host}`,
        `GANTRY_TIME=${event.time}`,
      ].toSorted(),
    );
    const chosen = await runOn('host.started', 'nobody');
    const { stdout } = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' });
    assert.equal(String(chosen.attributes['output']).split('\n')[0], stdout.trim());
    for (const [event, runAs, why] of [
      ['host.stopped', 'nobody-at-all', /no account nobody-at-all/],
      ['host.started', 'root', /root has the rights of an administrator/],
    ] as const) {
      const refused = await runOn(event, runAs);
      assert.equal(refused.name, 'host.script.failed');
      assert.match(String(refused.attributes['reason']), why);
    }
    await allow(true);
  });

  test('an account that is not there starts nothing', async () => {
    const file = await program('quiet', 'exit 0');
    const definition = define('lost', null, [{ event: 'vm.state.suspended', file }]);
    const id = await agent.create(definition);
    await agent.act(id, 'turn-on');
    const settings = { ...definition.settings, runAs: 'nobody-at-all' };
    await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definitionVersion: 2,
      definition: { ...definition, settings },
    });
    await agent.act(id, 'pause');
    const { name, attributes } = await ended(id);
    assert.equal(name, 'vm.script.failed');
    assert.match(String(attributes['reason']), /no account nobody-at-all/);
    await agent.act(id, 'turn-off');
  });

  test('nothing runs while the installation does not allow it, nor out of a file that is added', async () => {
    const file = await program('never', 'exit 0');
    const script = { event: 'vm.state.powered-on', file } as const;
    const id = await agent.create(define('silent', null, [script]));
    await allow(false);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    assert.deepEqual(told(id), []);
    await allow(true);
    const moved = join(agent.shelf, 'moved.json');
    const { files } = await agent.host.call('machine.files', { id });
    await copyFile(files.find(({ role }) => role === 'configuration')?.path ?? '', moved);
    const generation = agent.generation(id);
    await agent.host.call('machine.forget', { id, generation, cause: byTester });
    const { record } = await agent.host.call('machine.adopt', { file: moved, cause: byTester });
    assert.deepEqual(record.definition.settings.scripts, []);
  });
});
