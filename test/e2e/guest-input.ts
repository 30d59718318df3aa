/** What a guest's kernel gives its programs of an input device, read over the serial port. */
import assert from 'node:assert/strict';
import type { Gantry } from './gantry.ts';
import { SerialPerson } from './serial.ts';

/** What was said before one came is repeated: each watch has a number of its own. */
let watches = 1000;

/** The events of one device as they come (Linux, struct input_event of 64 bits). */
export class GuestInput implements AsyncDisposable {
  readonly #serial: SerialPerson;

  private constructor(serial: SerialPerson) {
    this.#serial = serial;
  }

  /** The device whose name has the word in it. */
  static async watch(gantry: Gantry, vm: string, word: string): Promise<GuestInput> {
    const serial = await SerialPerson.sit(gantry, vm);
    watches += 1;
    // What an earlier one still reads ends first, and the kernel says nothing in between.
    serial.type(
      `\x03\rdmesg -n 1; until n=$(sed -n '/${word}/,/^$/s/.*\\(event[0-9]*\\).*/\\1/p' /proc/bus/input/devices | grep .); do sleep 0.2; done; ` +
        `exec 3< /dev/input/$n; echo "watching-""${watches}"; od -An -v -tx1 -w24 <&3\r`,
    );
    await serial.until(new RegExp(`watching-${watches}`));
    serial.forget();
    return new GuestInput(serial);
  }

  /** The values of one code so far, in order. */
  values(code: string): readonly number[] {
    const found: number[] = [];
    for (const line of this.#serial.text.match(/(?:[0-9a-f]{2} ?){24}/g) ?? []) {
      const bytes = Buffer.from(line.replaceAll(' ', ''), 'hex');
      if (`${bytes.readUInt16LE(16)}:${bytes.readUInt16LE(18)}` === code)
        found.push(bytes.readInt32LE(20));
    }
    return found;
  }

  sum(code: string): number {
    return this.values(code).reduce((sum, value) => sum + value, 0);
  }

  /** Waits until what was heard passes the test. */
  async until(passes: (input: this) => boolean): Promise<void> {
    for (let look = 0; !passes(this); look += 1) {
      assert.ok(look < 200, this.#serial.text.slice(-2000));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serial[Symbol.asyncDispose]();
  }
}
