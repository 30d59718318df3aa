/** Screen, keyboard and byte streams of a machine. */
import type { VmAction } from '#api';
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { Machine } from '../machine/machine.ts';
import type { Running } from '../drivers/driver.ts';
import type { Streams } from '../stream/streams.ts';
import type { ViewerPorts } from '../stream/viewer-ports.ts';

type ConsoleVerbs = Pick<
  Handlers,
  'machine.screenshot' | 'machine.type' | 'machine.keys' | 'stream.open' | 'viewers.listen'
>;

export function consoleVerbs(host: Host, streams: Streams, viewers: ViewerPorts): ConsoleVerbs {
  return {
    async 'machine.screenshot'({ id }, { signal }) {
      const saved = await savedScreen(host, id);
      if (saved !== undefined) return { png: saved.toString('base64') };
      const { machine, running } = live(host, id, 'screenshot');
      if (!running.console.screenshot) throw cannot(machine, 'make a screenshot');
      return { png: (await running.console.screenshot(signal)).toString('base64') };
    },

    async 'machine.type'({ id, text, layout }, { signal }) {
      const { machine, running } = live(host, id, 'type');
      if (!running.console.typeText) throw cannot(machine, 'type text');
      await running.console.typeText(text, layout, signal);
      return {};
    },

    async 'machine.keys'({ id, keys }, { signal }) {
      const { machine, running } = live(host, id, 'type');
      if (!running.console.pressKeys) throw cannot(machine, 'press keys');
      await running.console.pressKeys(keys, signal);
      return {};
    },

    async 'stream.open'({ streamId, id, channel, readOnly }, { signal }) {
      const action = channel === 'screen' ? 'screen' : 'serial';
      const { machine, running } = live(host, id, action);
      const { console } = running;
      if (!console.openChannel) throw cannot(machine, `open ${channel}`);
      const access = readOnly ? 'watch' : 'use';
      const openChannel = console.openChannel.bind(console, channel, access);
      await streams.open({ streamId, openChannel, signal });
      return {};
    },

    async 'viewers.listen'(asked) {
      return { failed: [...(await viewers.listen(asked))] };
    },
  };
}

/** Undefined where nothing is saved. Errors: `not-found` where it was saved without a picture. */
async function savedScreen(host: Host, id: string): Promise<Buffer | undefined> {
  const { state, savedFile, definition } = host.machine(id).file;
  if (state !== 'saved' || savedFile === null) return undefined;
  const png = await host.driver.storage.findScreen(savedFile);
  if (png !== undefined) return png;
  throw new Fault('not-found', `the state of ${definition.name} was saved without a picture`);
}

function live(
  host: Host,
  id: string,
  action: VmAction,
): { readonly machine: Machine; readonly running: Running } {
  const machine = host.machine(id);
  machine.require(action);
  const { running } = machine;
  if (running) return { machine, running };
  throw new Fault('refused', `${machine.file.definition.name} has no process yet`, {
    hint: 'try again in a moment',
  });
}

function cannot(machine: Machine, what: string): Fault {
  return new Fault('unsupported', `cannot ${what} of ${machine.file.definition.name}`);
}
