/**
 * Memory that threads share. A piece that lies in it is packed and unpacked where it lies; any other is carried to and from a
 * room of the thread, word by word, which for zstd takes a sixth of the time of unpacking.
 */

/** Filled with zeros. */
export function sharedBuffer(sizeBytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(sizeBytes));
}

export function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}
