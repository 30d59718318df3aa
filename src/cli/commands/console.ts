/** The serial console in this terminal, screenshots, typing. */
import { writeFile } from 'node:fs/promises';
import type { WhenHeld } from '#api';
import { Fault } from '#lib';
import { command } from '../command.ts';
import type { Writer } from '../output/writer.ts';
import { readSecret } from '../secret.ts';
import { attachSerial } from '../serial.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;

const usualPeekBytes = 64 * 1024;

/** Errors: `invalid` for a file that cannot be written. */
async function put(
  out: Pick<Writer, 'bytes' | 'note'>,
  file: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  if (file === '-') return out.bytes(bytes);
  await writeFile(file, bytes, { mode }).catch((error: unknown) => {
    throw new Fault('invalid', `cannot write ${file}`, {
      cause: error,
      hint: 'choose a folder that exists, with room, where you may write',
    });
  });
  out.note(`${file} written`);
}

function whenHeld(options: {
  readonly queue?: boolean | undefined;
  readonly 'take-over'?: boolean | undefined;
}): WhenHeld {
  if (options['take-over'] === true) return 'take-over';
  return options.queue === true ? 'wait' : 'refuse';
}

export const consoleCommands = [
  command({
    name: 'vm console',
    aliases: ['vm serial'],
    summary: 'the serial console in this terminal; detach with ctrl-]',
    args: [vmArgument],
    options: {
      port: { type: 'number', value: 'NUMBER', meaning: 'serial port 1 (default) or 2' },
      'read-only': { type: 'flag', meaning: 'watch, send nothing' },
      exclusive: { type: 'flag', meaning: 'nobody else is admitted meanwhile' },
      queue: { type: 'flag', meaning: 'wait for your turn where somebody has it exclusively' },
      'take-over': {
        type: 'flag',
        meaning: 'end the connection of whoever has it, after a warning of ten seconds',
      },
    },
    examples: ['gantry vm console hello', 'gantry vm console hello --exclusive --queue'],
    async run(run) {
      await attachSerial(run, run.args[0] ?? '', {
        port: run.options.port ?? 1,
        readOnly: run.options['read-only'] === true,
        exclusive: run.options.exclusive === true,
        whenHeld: whenHeld(run.options),
      });
    },
  }),
  command({
    name: 'vm screenshot',
    summary: 'a picture of the screen, PNG',
    args: [
      vmArgument,
      { name: 'file', meaning: 'where to write it; - is standard output', completes: 'file' },
    ],
    examples: ['gantry vm screenshot hello hello.png'],
    async run({ client, args, out, signal }) {
      const [vm = '', file = '-'] = args;
      await put(out, file, await client.call('vm.screenshot', { params: { vm } }, signal), 0o666);
    },
  }),
  command({
    name: 'vm memory',
    summary: 'a piece of the memory of a vm that runs, with all that its guest has in it',
    args: [
      vmArgument,
      { name: 'file', meaning: 'where to write it; - is standard output', completes: 'file' },
    ],
    options: {
      at: {
        type: 'text',
        value: 'ADDRESS',
        meaning: 'its first byte, decimal or with 0x; default: 0',
      },
      bytes: { type: 'size', least: 1, value: 'SIZE', meaning: 'up to 4M (default: 64K)' },
      virtual: {
        type: 'flag',
        meaning: 'the address is one that its first processor has then, not one of its machine',
      },
    },
    examples: ['gantry vm memory hello hello.mem --at 0xf0000 --bytes 64K'],
    async run({ client, args, options, out, signal }) {
      const [vm = '', file = '-'] = args;
      const query = {
        at: options.at ?? '0',
        bytes: options.bytes ?? usualPeekBytes,
        space: options.virtual === true ? ('virtual' as const) : ('physical' as const),
      };
      const memory = await client.call('vm.memory', { params: { vm }, query }, signal);
      await put(out, file, memory, 0o600);
    },
  }),
  command({
    name: 'vm clock',
    summary: 'what time it is in the guest, or set it, through its agent',
    args: [vmArgument],
    options: {
      set: {
        type: 'text',
        value: 'TIME',
        meaning: "2026-11-23T10:00:00Z, now, or hardware: what its machine's clock shows",
      },
    },
    examples: ['gantry vm clock hello', 'gantry vm clock hello --set now'],
    async run({ args, client, options, out, signal }) {
      const params = { vm: args[0] ?? '' };
      const { set } = options;
      const answer =
        set === undefined
          ? await client.call('vm.clock.show', { params }, signal)
          : await client.call('vm.clock.set', { params, body: { time: timeOf(set) } }, signal);
      out.line(answer.time);
    },
  }),
  command({
    name: 'vm set-password',
    summary: 'set the password of an account of the guest, through its agent',
    args: [vmArgument, { name: 'user', meaning: 'name of the account in the guest' }],
    options: {
      encrypted: {
        type: 'flag',
        meaning: 'it is in the form in which the guest keeps passwords',
      },
    },
    examples: ['gantry vm set-password hello root'],
    async run({ args, client, options, out, signal }) {
      const [vm = '', user = ''] = args;
      const password = await readSecret(out, `new password of ${user}: `);
      const body = { user, password, isEncrypted: options.encrypted === true };
      await client.call('vm.password.set', { params: { vm }, body }, signal);
      out.line(`password of ${user} changed in the guest of ${vm}`);
    },
  }),
  command({
    name: 'vm type',
    summary: 'type text on the keyboard',
    args: [vmArgument, { name: 'text', meaning: 'the text; \\n is the enter key' }],
    options: {
      layout: {
        type: 'text',
        words: ['us', 'de'],
        value: 'LAYOUT',
        meaning: "the guest's keyboard layout, us (default) or de",
      },
    },
    examples: ['gantry vm type hello "root\\n"'],
    async run({ client, args, options, signal }) {
      const [vm = '', text = ''] = args;
      await client.call(
        'vm.type',
        {
          params: { vm },
          body: {
            text: text.replaceAll('\\n', '\n').replaceAll('\\t', '\t'),
            layout: options.layout === 'de' ? 'de' : 'us',
          },
        },
        signal,
      );
    },
  }),
  command({
    name: 'vm send-keys',
    aliases: ['vm sendkey'],
    summary: 'press key combinations',
    args: [vmArgument, { name: 'keys', meaning: 'for example ctrl-alt-del', rest: true }],
    examples: ['gantry vm send-keys hello ctrl-alt-del', 'gantry vm send-keys hello alt-f2 ret'],
    async run({ client, args, signal }) {
      const [vm = '', ...keys] = args;
      await client.call('vm.keys', { params: { vm }, body: { keys } }, signal);
    },
  }),
];

/** Errors: `invalid`. */
function timeOf(word: string): string {
  if (word === 'hardware') return word;
  const time = word === 'now' ? new Date() : new Date(word);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new Fault('invalid', `${word} is no time`, {
    hint: 'write it as 2026-11-23T10:00:00Z, now or hardware',
  });
}
