/** Screen, keyboard and serial ports of a foreign vm, as the link asks for them. What the hypervisor lacks is refused. */
import type { Ability } from '#api';
import { Fault } from '#lib';
import type { Handlers } from '../link/calls.ts';
import type { Streams } from '../stream/streams.ts';
import type { ForeignConsoles } from './consoles.ts';
import type { ForeignHost } from './foreign-host.ts';

export interface ConsoleParts {
  readonly consoles: ForeignConsoles;
  readonly streams: Streams;
}

type ConsoleVerb = 'machine.screenshot' | 'machine.type' | 'machine.keys' | 'stream.open';

export function consoleVerbs(
  host: ForeignHost,
  { consoles, streams }: ConsoleParts,
): Pick<Handlers, ConsoleVerb> {
  const demand = (ability: Ability): void => {
    const reason = host.facts.missing[ability];
    if (reason !== undefined) throw new Fault('unsupported', reason);
  };
  return {
    async 'machine.screenshot'({ id }, { signal }) {
      demand('screenshot');
      return { png: (await consoles.screenshot(id, signal)).toString('base64') };
    },
    async 'machine.type'({ id, text, layout }, { signal }) {
      demand('keyboard');
      await consoles.typeText(id, { text, layout }, signal);
      return {};
    },
    async 'machine.keys'({ id, keys }, { signal }) {
      demand('keyboard');
      await consoles.pressKeys(id, keys, signal);
      return {};
    },
    async 'stream.open'({ streamId, id, channel, readOnly }, { signal }) {
      demand(channel === 'screen' ? 'screen' : 'serial');
      const access = readOnly ? 'watch' : 'use';
      const openChannel = consoles.openChannel.bind(consoles, id, channel, access);
      await streams.open({ streamId, openChannel, signal });
      return {};
    },
  };
}
