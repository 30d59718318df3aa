/**
 * The guest of the acceleration probe: one disk sector that a real firmware loads. It sets the timer to
 * 1000 interrupts a second, waits for 250 of them, halting the processor in between, and then writes to
 * the debug-exit port, which ends QEMU with a status that nothing else gives.
 *
 * Firmware, interrupts and a quarter of a second are what it takes: there are hosts whose KVM runs a few
 * instructions and then never returns.
 *
 *   0000  fa               cli
 *   0001  31 c0            xor  ax, ax
 *   0003  8e d8            mov  ds, ax
 *   0005  8e d0            mov  ss, ax
 *   0007  bc 00 7c         mov  sp, 0x7c00
 *   000a  b0 34 e6 43      out  0x43, 0x34        timer 0, rate generator
 *   000e  b0 a9 e6 40      out  0x40, 0xa9        1193 = 0x04a9: 1000 Hz
 *   0012  b0 04 e6 40      out  0x40, 0x04
 *   0016  fb               sti
 *   0017  8b 1e 6c 04      mov  bx, [0x46c]       the firmware's count of interrupts
 *   001b  f4               hlt
 *   001c  b9 d0 07         mov  cx, 2000
 *   001f  e2 fe            loop $
 *   0021  e6 80            out  0x80, al
 *   0023  a1 6c 04         mov  ax, [0x46c]
 *   0026  29 d8            sub  ax, bx
 *   0028  3d fa 00         cmp  ax, 250
 *   002b  72 ee            jb   001b
 *   002d  b0 2a e6 f4      out  0xf4, 0x2a        the end
 *   0031  f4 eb fd         hlt, for ever
 */
const code =
  'fa31c08ed88ed0bc007cb034e643b0a9e640b004e640fb8b1e6c04' +
  'f4b9d007e2fee680a16c0429d83dfa0072eeb02ae6f4f4ebfd';

const sectorBytes = 512;

/** QEMU's exit status when the guest has reached its end: twice the value written, plus one. */
export const successStatus = 0x2a * 2 + 1;

export const debugExitDevice = { driver: 'isa-debug-exit', iobase: 0xf4, iosize: 1 } as const;

export function makeBootSector(): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.write(code, 'hex');
  sector.writeUInt16LE(0xaa55, sectorBytes - 2);
  return sector;
}
