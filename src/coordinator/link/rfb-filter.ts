/**
 * A client of a screen (RFC 6143) that may only look, for as long as it may: of what it sends, the handshake and
 * the messages that ask for pictures pass; keys, pointer and clipboard only while it has control, and nothing
 * unknown. It is made shared (7.3.1), so that a watcher never ends another's session.
 *
 * Invariant: only whole messages pass, so that what `release` answers may be sent after any of them.
 *
 * The filter follows the client's half only: version (12 bytes), security type (1 byte; none in version
 * 3.3, where the server decides), for VNC authentication its 16 bytes, ClientInit (1 byte), messages.
 */
import { Fault } from '#lib';
import type { PipeFilter } from './pipe.ts';

const maxMessageBytes = 256 * 1024;
/** Keys and buttons that are remembered as held; beyond that a client plays. */
const maxHeld = 256;

/** Length of a message whose first bytes are there; undefined while more bytes are needed to know. */
type Measure = (bytes: Buffer) => number | undefined;

const fixed =
  (length: number): Measure =>
  () =>
    length;
const known: Readonly<Record<number, { readonly passes: boolean; readonly measure: Measure }>> = {
  // SetPixelFormat, SetEncodings, FramebufferUpdateRequest
  0: { passes: true, measure: fixed(20) },
  2: {
    passes: true,
    measure: (bytes) => (bytes.length < 4 ? undefined : 4 + 4 * bytes.readUInt16BE(2)),
  },
  3: { passes: true, measure: fixed(10) },
  // KeyEvent, PointerEvent, ClientCutText
  4: { passes: false, measure: fixed(8) },
  5: { passes: false, measure: fixed(6) },
  6: {
    passes: false,
    // A negative length is that of the extended clipboard message.
    measure: (bytes) => (bytes.length < 8 ? undefined : 8 + Math.abs(bytes.readInt32BE(4))),
  },
  // EnableContinuousUpdates
  150: { passes: true, measure: fixed(10) },
  // ClientFence
  248: {
    passes: true,
    measure: (bytes) => (bytes.length < 9 ? undefined : 9 + bytes.readUInt8(8)),
  },
  // xvp
  250: { passes: false, measure: fixed(4) },
  // SetDesktopSize
  251: {
    passes: false,
    measure: (bytes) => (bytes.length < 8 ? undefined : 8 + 16 * bytes.readUInt8(6)),
  },
  // QEMU: extended key event (0), audio (1)
  255: {
    passes: false,
    measure: (bytes) => {
      if (bytes.length < 4) return undefined;
      if (bytes.readUInt8(1) === 0) return 12;
      return bytes.readUInt16BE(2) === 2 ? 10 : 4;
    },
  },
};

type Phase = 'version' | 'security' | 'response' | 'init' | 'messages';

export interface ViewerFilter {
  /** Throws `invalid` for what is not RFB. */
  readonly filter: PipeFilter;
  /** Lets go of all keys and buttons that it holds, for when it has control no more. */
  readonly release: () => Buffer;
}

/** For one connection. */
export function filterViewer(hasControl: () => boolean): ViewerFilter {
  let phase: Phase = 'version';
  let rest: Buffer = Buffer.alloc(0);
  /** What lets go of each key, and of the buttons. */
  const held = new Map<string, Buffer>();

  function take(length: number): Buffer | undefined {
    if (rest.length < length) return undefined;
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  }

  /** The next part that may be passed on, or undefined when more bytes are needed. */
  function next(): { readonly bytes: Buffer | undefined } | undefined {
    switch (phase) {
      case 'version': {
        const bytes = take(12);
        if (bytes === undefined) return undefined;
        const version = /^RFB 003\.(\d{3})\n$/.exec(bytes.toString('latin1'));
        if (!version) throw new Fault('invalid', 'the client does not speak RFB');
        phase = Number(version[1]) < 7 ? 'init' : 'security';
        return { bytes };
      }
      case 'security': {
        const bytes = take(1);
        if (bytes === undefined) return undefined;
        const type = bytes.readUInt8(0);
        if (type !== 1 && type !== 2)
          throw new Fault('invalid', `security type ${type} cannot be watched`);
        phase = type === 2 ? 'response' : 'init';
        return { bytes };
      }
      case 'response': {
        const bytes = take(16);
        if (bytes === undefined) return undefined;
        phase = 'init';
        return { bytes };
      }
      case 'init': {
        if (take(1) === undefined) return undefined;
        phase = 'messages';
        return { bytes: Buffer.from([1]) };
      }
      case 'messages': {
        if (rest.length === 0) return undefined;
        const message = known[rest.readUInt8(0)];
        if (message === undefined)
          throw new Fault('invalid', `message ${rest.readUInt8(0)} cannot be watched with`);
        const length = message.measure(rest);
        if (length !== undefined && length > maxMessageBytes)
          throw new Fault('too-large', 'a message of the client is too large');
        const bytes = length === undefined ? undefined : take(length);
        if (bytes === undefined) return undefined;
        if (message.passes) return { bytes };
        if (!hasControl()) return { bytes: undefined };
        noteHeld(held, bytes);
        return { bytes };
      }
    }
  }

  const filter: PipeFilter = (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const passed: Buffer[] = [];
    for (let part = next(); part !== undefined; part = next())
      if (part.bytes !== undefined) passed.push(part.bytes);
    return passed.length === 0 ? undefined : Buffer.concat(passed);
  };
  return {
    filter,
    release() {
      const messages = [...held.values()];
      held.clear();
      return Buffer.concat(messages);
    },
  };
}

/** KeyEvent (7.5.4), QEMU's extended key event, PointerEvent (7.5.5). */
function noteHeld(held: Map<string, Buffer>, message: Buffer): void {
  const type = message.readUInt8(0);
  const isExtended = type === 255 && message.readUInt8(1) === 0;
  if (type !== 4 && type !== 5 && !isExtended) return;
  const isDown = isExtended ? message.readUInt16BE(2) !== 0 : message.readUInt8(1) !== 0;
  const name = type === 5 ? 'pointer' : `${type} ${message.toString('hex', 4)}`;
  if (!isDown) {
    held.delete(name);
    return;
  }
  if (held.size >= maxHeld) return;
  const letGo = Buffer.from(message);
  if (isExtended) letGo.writeUInt16BE(0, 2);
  else letGo.writeUInt8(0, 1);
  held.set(name, letGo);
}
