/** Serial ports as streams, keys, and pictures of screens. */
import { duplexPair, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#lib';
import { keyCodeSet, keyName, libvirtFault, type Handlers, type ServerStream } from '#libvirt';
import { DuplexSocket } from '../link/duplex-socket.ts';
import type { Connection } from './connection.ts';

type Calls = Pick<Handlers, 'DOMAIN_OPEN_CONSOLE' | 'DOMAIN_SEND_KEY' | 'DOMAIN_SCREENSHOT'>;

/** virDomainConsoleFlags. */
const consoleForce = 1;
const consoleSafe = 2;

export function screenCalls(connection: Connection): Calls {
  const { desk, caller } = connection.parts;
  return {
    DOMAIN_OPEN_CONSOLE: async ({ dom, dev_name, flags }, { signal }) => {
      const { id } = connection.find(dom.uuid);
      const query = {
        port: portOf(dev_name ?? ''),
        exclusive: String((flags & consoleSafe) !== 0),
        ...((flags & consoleForce) === 0 ? {} : { whenHeld: 'take-over' }),
      };
      const [near, far] = duplexPair();
      const client = new DuplexSocket(far);
      await desk.join(caller, 'vm.serial.open', { params: { vm: id }, query }, client, signal);
      return { ret: {}, run: (stream, ended) => carry(stream, near, client, ended) };
    },
    DOMAIN_SEND_KEY: async ({ dom, codeset, keycodes }, { signal }) => {
      if (codeset !== keyCodeSet)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'keys are pressed by their numbers in Linux');
      const { id } = connection.find(dom.uuid);
      const body = { keys: [keycodes.map(keyName).join('-')] };
      await desk.ask(caller, 'vm.keys', { params: { vm: id }, body }, signal);
      return {};
    },
    DOMAIN_SCREENSHOT: async ({ dom }, { signal }) => {
      const { id } = connection.find(dom.uuid);
      const png = await desk.ask(caller, 'vm.screenshot', { params: { vm: id } }, signal);
      return { ret: { mime: 'image/png' }, run: (stream) => stream.write(Buffer.from(png)) };
    },
  };
}

/** By the alias in the domain's XML; empty is the first one. Errors: INVALID_ARG. */
function portOf(name: string): '1' | '2' {
  const index = /^(?:(?:serial|console)([01]))?$/.exec(name);
  if (index === null)
    throw libvirtFault('INVALID_ARG', `no serial port is called ${name.slice(0, 100)}`);
  return index[1] === '1' ? '2' : '1';
}

/** Until the client or the machine ends it. Errors: `unavailable` with what the machine's side says. */
async function carry(
  stream: ServerStream,
  near: Duplex,
  client: DuplexSocket,
  signal: AbortSignal,
): Promise<void> {
  const typed = async function* (): AsyncGenerator<Buffer> {
    for await (const part of stream.parts(signal)) if (part.kind === 'data') yield part.bytes;
  };
  const said = async (): Promise<void> => {
    for await (const bytes of near) await stream.write(bytes as Buffer);
  };
  try {
    await Promise.race([pipeline(typed, near, { end: false }), said()]);
  } finally {
    client.terminate();
    near.destroy();
  }
  if (client.reason !== '') throw new Fault('unavailable', client.reason);
}
