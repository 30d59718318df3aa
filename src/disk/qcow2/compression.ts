/** Compressed clusters: raw deflate with a window of 4 KiB, or zstd. The work is done on the thread pool. */
import {
  constants,
  deflateRaw,
  inflateRaw,
  zstdCompress,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';

type Done = (error: Error | null, result: Buffer) => void;

function promised(work: (done: Done) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work((error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

/** Room for the whole result, so that each cluster is one trip to the thread pool and one piece of memory. */
const slackBytes = 1024;

/** The cluster in stored form; undefined when that is not smaller. */
export async function compressCluster(
  method: 'zlib' | 'zstd',
  cluster: Uint8Array,
): Promise<Buffer | undefined> {
  const chunkSize = cluster.length + slackBytes;
  const stored = await promised((done) => {
    if (method === 'zstd') {
      // a compressor that knows how little is to come takes a fraction of the time to set up
      const params = { [constants.ZSTD_c_compressionLevel]: 3 };
      zstdCompress(cluster, { params, pledgedSrcSize: cluster.length, chunkSize }, done);
    } else {
      // other readers inflate with a window of 12 bits and no more
      deflateRaw(cluster, { windowBits: 12, memLevel: 9, chunkSize }, done);
    }
  });
  return stored.length < cluster.length ? stored : undefined;
}

/** Up to here a zstd cluster is expanded faster (some 50 µs) than a thread of the pool is asked to do it. */
const inPlaceBytes = 128 * 1024;

/** The cluster again. What follows the end of the compressed data is ignored. Errors: of node:zlib. */
export async function expandCluster(
  method: 'zlib' | 'zstd',
  stored: Uint8Array,
  clusterBytes: number,
): Promise<Buffer> {
  const options = { maxOutputLength: clusterBytes, chunkSize: clusterBytes + slackBytes };
  if (method === 'zstd' && clusterBytes <= inPlaceBytes) {
    return zstdDecompressSync(frameOf(stored), options);
  }
  return promised((done) => {
    if (method === 'zstd') zstdDecompress(frameOf(stored), options, done);
    else inflateRaw(stored, options, done);
  });
}

/**
 * The zstd frame at the start of the bytes, without what follows it (RFC 8878, 3.1.1): a decoder would take
 * the rest for a second frame. Bytes that are no frame are given back whole, for the decoder to refuse.
 */
function frameOf(stored: Uint8Array): Uint8Array {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528) return stored;
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return stored;
    const head = bytes.readUIntLE(at, 3);
    isLast = (head & 1) === 1;
    const type = (head >>> 1) & 3;
    at += 3 + (type === 1 ? 1 : head >>> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  return at <= bytes.length ? bytes.subarray(0, at) : stored;
}
