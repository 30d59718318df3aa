/**
 * Serves one block device to one client over a connected stream: the NBD protocol, fixed newstyle with NBD_OPT_GO and simple
 * replies (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md). Names are the protocol's.
 *
 * Invariants: requests are answered one after the other; no request makes more than `maxRequestBytes` of memory; a
 * client that breaks the protocol is disconnected.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Fault, isFault, kiB, miB } from '#lib';
import type { BlockDevice } from './block-device.ts';
import { ByteReader } from './byte-reader.ts';

const NBDMAGIC = Buffer.from('NBDMAGICIHAVEOPT', 'latin1');
const IHAVEOPT = Buffer.from('IHAVEOPT', 'latin1');
const OPTION_REPLY_MAGIC = Buffer.from('0003e889045565a9', 'hex');
const REQUEST_MAGIC = 0x25609513;
const SIMPLE_REPLY_MAGIC = 0x67446698;
const NBD_FLAG_FIXED_NEWSTYLE = 1;
const NBD_FLAG_NO_ZEROES = 2;
const NBD_OPT_ABORT = 2;
const NBD_OPT_GO = 7;
const NBD_REP_ACK = 1;
const NBD_REP_INFO = 3;
const NBD_REP_ERR_UNSUP = 0x80000001;
const NBD_INFO_EXPORT = 0;
const NBD_INFO_BLOCK_SIZE = 3;
const NBD_FLAG_HAS_FLAGS = 1;
const NBD_FLAG_SEND_FLUSH = 4;
const NBD_CMD_READ = 0;
const NBD_CMD_WRITE = 1;
const NBD_CMD_DISC = 2;
const NBD_CMD_FLUSH = 3;
const NBD_EIO = 5;
const NBD_EINVAL = 22;
const NBD_ENOSPC = 28;

const sectorBytes = 512;
const maxOptionBytes = 4096;
const maxOptions = 32;
const maxRequestBytes = 1 * miB;

/** Until the client leaves. Errors: `invalid` for a client that breaks the protocol; `unavailable` when it is gone. */
export async function serveBlockDevice(stream: Duplex, device: BlockDevice): Promise<void> {
  const reader = new ByteReader(stream);
  if (await negotiate(stream, reader, device.sizeBytes)) await transmit(stream, reader, device);
}

async function send(stream: Duplex, ...parts: readonly Uint8Array[]): Promise<void> {
  if (!stream.write(Buffer.concat(parts))) await once(stream, 'drain');
}

/** Whether the client wants the device. */
async function negotiate(stream: Duplex, reader: ByteReader, sizeBytes: number): Promise<boolean> {
  const flags = NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES;
  await send(stream, NBDMAGIC, Buffer.of(0, flags));
  await reader.readExactly(4);
  for (let count = 0; count < maxOptions; count += 1) {
    const head = await reader.readExactly(16);
    const option = head.readUInt32BE(8);
    const length = head.readUInt32BE(12);
    if (!head.subarray(0, 8).equals(IHAVEOPT) || length > maxOptionBytes) {
      throw new Fault('invalid', 'the client of a disk does not speak NBD');
    }
    await reader.readExactly(length);
    const reply = (type: number, data: Buffer = Buffer.alloc(0)): Promise<void> =>
      send(stream, OPTION_REPLY_MAGIC, u32(option, type, data.length), data);
    if (option === NBD_OPT_GO) {
      await reply(NBD_REP_INFO, exportInfo(sizeBytes));
      await reply(NBD_REP_INFO, blockSizeInfo());
      await reply(NBD_REP_ACK);
      return true;
    }
    if (option === NBD_OPT_ABORT) {
      await reply(NBD_REP_ACK);
      return false;
    }
    await reply(NBD_REP_ERR_UNSUP);
  }
  throw new Fault('invalid', `the client of a disk asks for more than ${maxOptions} options`);
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

function exportInfo(sizeBytes: number): Buffer {
  const info = Buffer.alloc(12);
  info.writeUInt16BE(NBD_INFO_EXPORT, 0);
  info.writeBigUInt64BE(BigInt(sizeBytes), 2);
  info.writeUInt16BE(NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH, 10);
  return info;
}

function blockSizeInfo(): Buffer {
  const type = Buffer.alloc(2);
  type.writeUInt16BE(NBD_INFO_BLOCK_SIZE, 0);
  return Buffer.concat([type, u32(sectorBytes, 4 * kiB, maxRequestBytes)]);
}

async function transmit(stream: Duplex, reader: ByteReader, device: BlockDevice): Promise<void> {
  for (;;) {
    const head = await reader.readExactly(28);
    if (head.readUInt32BE(0) !== REQUEST_MAGIC) {
      throw new Fault('invalid', 'the client of a disk does not speak NBD');
    }
    const type = head.readUInt16BE(6);
    const length = head.readUInt32BE(24);
    if (type === NBD_CMD_DISC) return;
    if ((type === NBD_CMD_READ || type === NBD_CMD_WRITE) && length > maxRequestBytes) {
      throw new Fault('too-large', `the client of a disk asks for ${length} bytes at once`);
    }
    const offset = Number(head.readBigUInt64BE(16));
    const data =
      type === NBD_CMD_WRITE
        ? await reader.readExactly(length)
        : Buffer.alloc(type === NBD_CMD_READ ? length : 0);
    const error = await perform(device, type, data, offset);
    const reply = [u32(SIMPLE_REPLY_MAGIC, error), head.subarray(8, 16)];
    await send(stream, ...reply, ...(type === NBD_CMD_READ && error === 0 ? [data] : []));
  }
}

/** 0, or the protocol's number of an error. */
async function perform(
  device: BlockDevice,
  type: number,
  data: Buffer,
  offset: number,
): Promise<number> {
  const isAligned = offset % sectorBytes === 0 && data.length % sectorBytes === 0;
  if (!isAligned || offset + data.length > device.sizeBytes) return NBD_EINVAL;
  try {
    if (type === NBD_CMD_READ) await device.read(data, offset);
    else if (type === NBD_CMD_WRITE) await device.write(data, offset);
    else if (type === NBD_CMD_FLUSH) await device.flush();
    else return NBD_EINVAL;
    return 0;
  } catch (error) {
    return isFault(error, 'exhausted') ? NBD_ENOSPC : NBD_EIO;
  }
}
