/**
 * The fixed newstyle handshake, the server's half (proto.md, "Handshake phase"), without TLS: who may reach the
 * socket is decided by whoever opens it.
 *
 *   greeting -> client flags -> option, reply, option, reply … -> GO or EXPORT_NAME: transmission
 *                                                              -> ABORT, the end of the stream: nothing
 */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { findExport, type Export, type Exports } from './export.ts';
import { maxNameBytes, maxOptionBytes, maxOptions, maxPayloadBytes } from './limits.ts';
import { parseInfo, parseMetaContext } from './options.ts';
import type { StreamReader } from './stream-reader.ts';
import {
  allocationContext,
  allocationContextId,
  IHAVEOPT,
  NBD_FLAG_CAN_MULTI_CONN,
  NBD_FLAG_FIXED_NEWSTYLE,
  NBD_FLAG_HAS_FLAGS,
  NBD_FLAG_NO_ZEROES,
  NBD_FLAG_READ_ONLY,
  NBD_FLAG_SEND_DF,
  NBD_FLAG_SEND_FLUSH,
  NBD_FLAG_SEND_FUA,
  NBD_FLAG_SEND_TRIM,
  NBD_FLAG_SEND_WRITE_ZEROES,
  NBD_INFO_BLOCK_SIZE,
  NBD_INFO_EXPORT,
  NBD_OPT_ABORT,
  NBD_OPT_EXPORT_NAME,
  NBD_OPT_GO,
  NBD_OPT_INFO,
  NBD_OPT_LIST,
  NBD_OPT_LIST_META_CONTEXT,
  NBD_OPT_SET_META_CONTEXT,
  NBD_OPT_STRUCTURED_REPLY,
  NBD_OPTION_REPLY_MAGIC,
  NBD_REP_ACK,
  NBD_REP_ERR_INVALID,
  NBD_REP_ERR_UNKNOWN,
  NBD_REP_ERR_UNSUP,
  NBD_REP_INFO,
  NBD_REP_META_CONTEXT,
  NBD_REP_SERVER,
  NBDMAGIC,
} from './wire.ts';

/** What a client and the server have agreed on. */
export interface Agreement {
  readonly served: Export;
  readonly replies: 'simple' | 'structured';
  readonly allocation: 'told' | 'not-told';
}

/** Largest block a client is told to prefer. */
const maxPreferredBytes = 2 ** 21;

/** Undefined when the client went away without choosing. Faults: `invalid` when it breaks the protocol. */
export async function shakeHands(
  stream: Duplex,
  reader: StreamReader,
  exports: Exports,
): Promise<Agreement | undefined> {
  const greeting = Buffer.alloc(18);
  greeting.writeBigUInt64BE(NBDMAGIC, 0);
  greeting.writeBigUInt64BE(IHAVEOPT, 8);
  greeting.writeUInt16BE(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES, 16);
  stream.write(greeting);
  const flags = (await reader.take(4))?.readUInt32BE(0);
  if (flags === undefined) return undefined;
  if ((flags & ~(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) !== 0)
    throw new Fault('invalid', `the nbd client set flags that nobody offered: ${flags}`);
  const hands = new Hands(stream, exports, (flags & NBD_FLAG_NO_ZEROES) !== 0 ? 0 : 124);
  for (let count = 0; count < maxOptions; count += 1) {
    const head = await reader.take(16);
    if (head === undefined) return undefined;
    const option = head.readUInt32BE(8);
    const length = head.readUInt32BE(12);
    if (head.readBigUInt64BE(0) !== IHAVEOPT || length > maxOptionBytes)
      throw new Fault('invalid', `the nbd client sent an option of ${length} bytes or none`);
    const data = Buffer.alloc(length);
    await reader.fill(data);
    if (option === NBD_OPT_ABORT) {
      hands.reply(option, NBD_REP_ACK);
      return undefined;
    }
    const agreement = hands.take(option, data);
    if (agreement !== undefined) return agreement;
  }
  throw new Fault('invalid', `the nbd client has not chosen after ${maxOptions} options`);
}

/** One handshake and what has been agreed on so far. */
class Hands {
  readonly #stream: Duplex;
  readonly #exports: Exports;
  readonly #paddingBytes: number;
  #replies: Agreement['replies'] = 'simple';
  /** The export whose allocation is to be told. */
  #allocationOf: Export | undefined;

  constructor(stream: Duplex, exports: Exports, paddingBytes: number) {
    this.#stream = stream;
    this.#exports = exports;
    this.#paddingBytes = paddingBytes;
  }

  /** Answers an option; the agreement when it was the last one. */
  take(option: number, data: Buffer): Agreement | undefined {
    switch (option) {
      case NBD_OPT_EXPORT_NAME:
        return this.#exportName(data);
      case NBD_OPT_GO:
      case NBD_OPT_INFO:
        return this.#info(option, data);
      case NBD_OPT_LIST:
        return this.#list(option, data);
      case NBD_OPT_STRUCTURED_REPLY:
        if (data.length > 0) return this.reply(option, NBD_REP_ERR_INVALID);
        this.#replies = 'structured';
        return this.reply(option, NBD_REP_ACK);
      case NBD_OPT_LIST_META_CONTEXT:
      case NBD_OPT_SET_META_CONTEXT:
        return this.#metaContext(option, data);
      default:
        return this.reply(option, NBD_REP_ERR_UNSUP);
    }
  }

  reply(option: number, type: number, data: Buffer = Buffer.alloc(0)): undefined {
    const head = Buffer.alloc(20);
    head.writeBigUInt64BE(NBD_OPTION_REPLY_MAGIC, 0);
    head.writeUInt32BE(option, 8);
    head.writeUInt32BE(type, 12);
    head.writeUInt32BE(data.length, 16);
    this.#stream.write(Buffer.concat([head, data]));
    return undefined;
  }

  /** The one option without a reply that could say no: an unknown name ends the connection. */
  #exportName(data: Buffer): Agreement {
    const served =
      data.length > maxNameBytes ? undefined : findExport(this.#exports, data.toString('utf8'));
    if (served === undefined)
      throw new Fault('not-found', 'the nbd client asks for an export that there is not');
    const answer = Buffer.alloc(10 + this.#paddingBytes);
    describe(served, this.#replies).copy(answer, 0);
    this.#stream.write(answer);
    return this.#agree(served);
  }

  #info(option: number, data: Buffer): Agreement | undefined {
    const asked = parseInfo(data);
    if (asked === undefined) return this.reply(option, NBD_REP_ERR_INVALID);
    const served = findExport(this.#exports, asked.name);
    if (served === undefined) return this.reply(option, NBD_REP_ERR_UNKNOWN);
    const blocks = Buffer.alloc(14);
    blocks.writeUInt16BE(NBD_INFO_BLOCK_SIZE, 0);
    blocks.writeUInt32BE(served.sectorBytes, 2);
    blocks.writeUInt32BE(preferredBytes(served), 6);
    blocks.writeUInt32BE(maxPayloadBytes, 10);
    this.reply(option, NBD_REP_INFO, blocks);
    const type = Buffer.alloc(2);
    type.writeUInt16BE(NBD_INFO_EXPORT, 0);
    this.reply(option, NBD_REP_INFO, Buffer.concat([type, describe(served, this.#replies)]));
    this.reply(option, NBD_REP_ACK);
    return option === NBD_OPT_GO ? this.#agree(served) : undefined;
  }

  #list(option: number, data: Buffer): undefined {
    if (data.length > 0) return this.reply(option, NBD_REP_ERR_INVALID);
    for (const name of this.#exports.keys()) this.reply(option, NBD_REP_SERVER, withLength(name));
    return this.reply(option, NBD_REP_ACK);
  }

  #metaContext(option: number, data: Buffer): undefined {
    const asked = parseMetaContext(data);
    const sets = option === NBD_OPT_SET_META_CONTEXT;
    if (sets) this.#allocationOf = undefined;
    if (asked === undefined || this.#replies === 'simple')
      return this.reply(option, NBD_REP_ERR_INVALID);
    const served = findExport(this.#exports, asked.name);
    if (served === undefined) return this.reply(option, NBD_REP_ERR_UNKNOWN);
    const wanted = sets
      ? asked.queries.includes(allocationContext)
      : asked.queries.length === 0 ||
        asked.queries.some((query) => query === 'base:' || query === allocationContext);
    if (wanted) {
      const id = Buffer.alloc(4);
      id.writeUInt32BE(sets ? allocationContextId : 0);
      const name = Buffer.from(allocationContext);
      this.reply(option, NBD_REP_META_CONTEXT, Buffer.concat([id, name]));
      if (sets) this.#allocationOf = served;
    }
    return this.reply(option, NBD_REP_ACK);
  }

  #agree(served: Export): Agreement {
    const told = this.#replies === 'structured' && this.#allocationOf === served;
    return { served, replies: this.#replies, allocation: told ? 'told' : 'not-told' };
  }
}

/** Size and flags. What was flushed on one connection is flushed for all: clients may have several. */
function describe(served: Export, replies: Agreement['replies']): Buffer {
  const writing = NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES;
  const bytes = Buffer.alloc(10);
  bytes.writeBigUInt64BE(BigInt(served.sizeBytes), 0);
  bytes.writeUInt16BE(
    NBD_FLAG_HAS_FLAGS |
      NBD_FLAG_SEND_FLUSH |
      NBD_FLAG_CAN_MULTI_CONN |
      (replies === 'structured' ? NBD_FLAG_SEND_DF : 0) |
      (served.isWritable ? writing : NBD_FLAG_READ_ONLY),
    8,
  );
  return bytes;
}

/** What is written in such blocks needs no reading first; 4096 at least, which is the page of most guests. */
function preferredBytes({ blockBytes }: Export): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(1, blockBytes)));
  return Math.min(Math.max(4096, power), maxPreferredBytes);
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
