/**
 * virt-manager as people use it, in a window: connected to Gantry it lists the vms, draws graphs of them, shows a screen, and
 * pauses a vm; over TCP to its own machine it shows screens, too. Pictures of what was seen are kept in GANTRY_TEST_PICTURES where that is set.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Vm } from '#api';
import { systemClock, withDeadline } from '#lib';
import { defaultPorts } from '#libvirt';
import { newGantry } from '../../e2e/gantry.ts';
import { Desktop, desktopPrograms } from './desktop.ts';
import { findFreePort, run, whyNot } from './tools.ts';

const skip = await whyNot('virt-manager', 'qemu-system-x86_64', ...desktopPrograms);
const pictures = process.env['GANTRY_TEST_PICTURES'];

/** Of virt-manager 4.1, in its window of one vm. */
const pauseButton = { x: 168, y: 46 };
/** Inside of the frames of the first two vms in its list: white where nothing is drawn. */
const graphs = ['120x32+420+124', '120x32+420+165'] as const;

/** A window tells nobody what it shows. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  await withDeadline(what, 60_000, undefined, async (signal) => {
    while (!(await holds())) await systemClock.sleep(300, signal);
  });
}

void test(
  'FED-40 virt-manager shows all vms in one list with live graphs of their processors, opens their screens and controls them',
  { skip },
  async () => {
    await using gantry = await newGantry();
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    for (const name of ['one', 'two'])
      await gantry.must('vm', 'create', name, '--memory', '128M', '--start');
    const socket = join(gantry.installation.runtime, 'coordinator', 'libvirt-sock');
    const address = `gantry+unix:///all?socket=${socket}`;
    await using desktop = await Desktop.open();
    const keep = async (name: string): Promise<void> => {
      if (pictures !== undefined) await desktop.photograph(join(pictures, `${name}.png`));
    };
    const manager = ['--debug', '--no-fork', '-c', address];
    const list = desktop.start('virt-manager', ...manager);
    for (const name of ['one', 'two'])
      await list(new RegExp(`domain=${name} status=Running added`));
    await list(/changed to state=Active/);
    for (const graph of graphs) await desktop.untilDrawn(graph);
    await keep('virt-manager-list');
    const console = desktop.start('virt-manager', ...manager, '--show-domain-console', 'one');
    await console(/Viewer connected/);
    await keep('virt-manager-screen');
    await desktop.click('one on', pauseButton.x, pauseButton.y);
    await until(
      'one to be paused',
      async () => (await gantry.json<Vm>('vm', 'show', 'one')).state === 'paused',
    );
    await keep('virt-manager-paused');
    assert.equal((await gantry.json<Vm>('vm', 'show', 'two')).state, 'running');
  },
);

/** Gantry does without the port where another program has it. */
async function whyNoPlainPort(): Promise<string | false> {
  const listening = await run('ss', ['-Hltn', `sport = :${defaultPorts.tcp}`]);
  return listening.out === '' ? false : `the port ${defaultPorts.tcp} is taken`;
}

void test(
  'virt-manager over TCP to its own machine, which it takes for another, shows a screen by its address',
  { skip: skip || (await whyNoPlainPort()) },
  async () => {
    await using gantry = await newGantry();
    const libvirt = ['--libvirt-listen', `127.0.0.1:${await findFreePort()}`];
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen, ...libvirt);
    await gantry.must('vm', 'create', 'one', '--memory', '128M', '--start');
    await using desktop = await Desktop.open();
    const shown = ['-c', 'qemu+tcp://localhost/system', '--show-domain-console', 'one'];
    const console = desktop.start('virt-manager', '--debug', '--no-fork', ...shown);
    await console(/Viewer connected/);
    if (pictures !== undefined)
      await desktop.photograph(join(pictures, 'virt-manager-screen-tcp.png'));
  },
);
