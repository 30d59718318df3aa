/** Frames as a capture file: one TCP connection over raw IPv4, made up, for tshark to read. */

const port = 16_509;
const maxSegmentBytes = 60_000;

/** A pcap file in which every frame is sent by itself. */
export function makeCapture(frames: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [fileHeader()];
  let sequence = 1;
  let count = 0;
  for (const frame of frames) {
    for (let start = 0; start < frame.length; start += maxSegmentBytes) {
      const segment = frame.subarray(start, start + maxSegmentBytes);
      parts.push(packet(segment, sequence, count));
      sequence = (sequence + segment.length) % 2 ** 32;
      count += 1;
    }
  }
  return Buffer.concat(parts);
}

/** Reads the file with libvirt's dissector. */
export const dissectArguments = ['-d', `tcp.port==${port},libvirt`, '-V', '-O', 'libvirt'];

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2_c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(101, 20); // raw IP
  return header;
}

function packet(segment: Buffer, sequence: number, count: number): Buffer {
  const length = 40 + segment.length;
  const record = Buffer.alloc(16 + 40);
  record.writeUInt32LE(count, 0);
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  const ip = record.subarray(16, 36);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(6, 9);
  ip.writeUInt32BE(0x7f00_0001, 12);
  ip.writeUInt32BE(0x7f00_0001, 16);
  const tcp = record.subarray(36);
  tcp.writeUInt16BE(40_000, 0);
  tcp.writeUInt16BE(port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(1, 8);
  tcp.writeUInt8(0x50, 12);
  tcp.writeUInt8(0x18, 13);
  tcp.writeUInt16BE(65_535, 14);
  return Buffer.concat([record, segment]);
}
