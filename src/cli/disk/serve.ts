/** The verb that gives a disk to other programs while it runs: over NBD, as qemu-nbd does, in every format that is read. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { claimDisk } from '#disk';
import { describeFault, Fault } from '#lib';
import type { ListenAt } from '#nbd';
import { command } from '../command.ts';
import { demandChangeable, openSource, sourceOptions, storeFor } from './open.ts';
import { tell } from './tell.ts';

const loopback = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):(\d{1,5})$/;

/** There is neither TLS nor a password: beyond this machine it would be everybody's disk. Faults: `invalid`. */
function placeOf(socket: string | undefined, listen: string | undefined): ListenAt {
  if (socket !== undefined && listen === undefined) return { socketPath: resolve(socket) };
  if (socket !== undefined || listen === undefined) {
    throw new Fault('invalid', 'a disk is served at one place', {
      hint: 'give either --socket PATH or --listen 127.0.0.1:PORT',
    });
  }
  const [, host = '', port = ''] = loopback.exec(listen) ?? [];
  if (host === '' || Number(port) > 65535) {
    throw new Fault('invalid', `disks are not served at "${listen.slice(0, 80)}"`, {
      hint: 'use an address of this machine, such as 127.0.0.1:10809, and a tunnel for others',
    });
  }
  return { host: host.replace(/[[\]]/g, ''), port: Number(port) };
}

export const serveCommands = [
  command({
    name: 'disk serve',
    summary: 'give a disk to other programs over NBD, in every format, until it is interrupted',
    args: [{ name: 'disk', meaning: 'a disk file', completes: 'file' }],
    options: {
      ...sourceOptions,
      socket: { type: 'text', value: 'PATH', meaning: 'a Unix socket, which is made' },
      listen: {
        type: 'text',
        value: 'ADDRESS:PORT',
        meaning: 'an address of this machine; port 0 takes a free one',
      },
      writable: { type: 'flag', meaning: 'clients may write; read-only when absent' },
      name: { type: 'text', value: 'NAME', meaning: 'of the export; clients need not give it' },
    },
    examples: [
      'gantry disk serve old.vhd --socket /tmp/old.sock',
      'gantry disk serve child.vhdx --listen 127.0.0.1:10809 --writable',
    ],
    async run(run) {
      const [path = ''] = run.args;
      const { socket, listen, writable = false, name = 'disk' } = run.options;
      const at = placeOf(socket, listen);
      if (writable) await demandChangeable(run, path, { ...run.options, doing: 'serve' });
      const access = writable ? 'write' : 'read';
      await using disk = await openSource(run, path, run.options, {
        access,
        store: storeFor(path, run.options, { smallWrites: 'here' }),
      });
      if (writable && !disk.isWritable) {
        throw new Fault(
          'unsupported',
          `${path}: disks in this kind of ${disk.format} are only read`,
          {
            hint: 'serve it without --writable, or convert it: gantry disk convert',
          },
        );
      }
      await claimDisk(disk, 'serve');
      if (run.dryRun) return run.out.line(`would serve ${path}`);
      const { NbdServer } = await import('#nbd');
      const onFault = (fault: Fault): void => run.out.note(describeFault(fault));
      await using server = await NbdServer.listen(at, {
        exports: new Map([[name, disk]]),
        onFault,
      });
      const where =
        'socketPath' in at
          ? `nbd+unix:///?socket=${at.socketPath}`
          : `nbd://${at.host}:${server.port}`;
      tell(
        run,
        { path, format: disk.format, uri: where, writable },
        `${path} is served at ${where}`,
      );
      if (!run.signal.aborted) await once(run.signal, 'abort');
      await server.close();
      if ('socketPath' in at) await rm(at.socketPath, { force: true });
    },
  }),
];
