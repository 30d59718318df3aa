/** What a console shows, as it is written into a file: bytes with their times. */
export interface Film {
  /** The beginning of the file. */
  readonly header: Uint8Array;
  /** What the file goes on with; empty while nothing whole is there. Times only grow. */
  add(bytes: Uint8Array, afterMs: number): Uint8Array;
  /** That it went on until then, where the file can say it: nothing may have been shown for long. */
  end(afterMs: number): Uint8Array;
}
