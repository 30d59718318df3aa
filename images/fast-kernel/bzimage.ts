/**
 * Repacks a Linux kernel so that it starts fast in emulation: Debian's is packed with xz, which takes two
 * seconds to unpack when every instruction is emulated. The kernel itself is taken out unchanged
 * and packed with LZ4 behind a small unpacker (stub.S). What is lost: the EFI entry (UEFI starts the
 * original), and the random load address.
 *
 * The file is a bzImage by the Linux boot protocol 2.15 (Documentation/arch/x86/boot.rst); names of its
 * fields are the protocol's.
 */
import { runTool } from '../run.ts';
import { flattenElf } from './flatten.ts';
import { compressLz4 } from './lz4.ts';
import { attachStub } from './stub.ts';

/** Offsets of the setup header's fields in the file. */
const header = {
  setup_sects: 0x1f1,
  syssize: 0x1f4,
  magic: 0x202,
  version: 0x206,
  relocatable_kernel: 0x234,
  xloadflags: 0x236,
  payload_offset: 0x248,
  payload_length: 0x24c,
  pref_address: 0x258,
  init_size: 0x260,
} as const;
/** Where loaders put a kernel that is not relocatable. */
const loadAddress = 0x100000;
const oldestVersion = 0x20c;
const xzMagic = Buffer.from('fd377a585a00', 'hex');

/** The repacked bzImage, or undefined when the kernel is not packed as expected and must be used as it is. */
export async function repackKernel(
  bzImage: Buffer,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  if (bzImage.length < 0x1000 || bzImage.readUInt32LE(header.magic) !== 0x53726448)
    return undefined;
  if (bzImage.readUInt16LE(header.version) < oldestVersion) return undefined;
  const setupBytes = ((bzImage[header.setup_sects] ?? 4) + 1) * 512;
  const payloadStart = setupBytes + bzImage.readUInt32LE(header.payload_offset);
  const payload = bzImage.subarray(
    payloadStart,
    payloadStart + bzImage.readUInt32LE(header.payload_length),
  );
  if (!payload.subarray(0, xzMagic.length).equals(xzMagic)) return undefined;
  // The last four bytes are the unpacked size, not part of the stream.
  const elf = await runTool(['xz', '-dc', '--single-stream'], {
    input: payload.subarray(0, -4),
    signal,
  });
  const kernel = flattenElf(elf);
  const stub = attachStub(await compressLz4(kernel.image), kernel);
  const setup = Buffer.from(bzImage.subarray(0, setupBytes));
  setup.writeUInt32LE(stub.image.length / 16 + 1, header.syssize);
  // Not relocatable: loaders put it at 1 MiB and keep free what init_size says, which is all up to the
  // stub's tables. Entered at its 32-bit entry only.
  setup[header.relocatable_kernel] = 0;
  setup.writeUInt16LE(0, header.xloadflags);
  setup.writeUInt32LE(0, header.payload_offset);
  setup.writeUInt32LE(0, header.payload_length);
  setup.writeBigUInt64LE(BigInt(loadAddress), header.pref_address);
  setup.writeUInt32LE(stub.endAddress - loadAddress, header.init_size);
  return Buffer.concat([setup, stub.image]);
}
