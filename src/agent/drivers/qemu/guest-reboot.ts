/**
 * A process that ends when its guest restarts itself, as its vm was set when it was started, and is reset by people all the same.
 *
 * QEMU has one word for both (`-action reboot=shutdown`), so it is taken back while somebody resets the machine. A BIOS (SeaBIOS) that
 * was reset so resets the machine once more by itself before it does anything else, on a busy host twice (it asks for that in several
 * ways one after the other), which must not end it either.
 */
import { qmp, type QmpClient, type QmpEvent } from '#qemu';
import type { MachineFile } from '../../machine/record.ts';

/** From the first reset by the firmware on: so long all are its own. No guest has come far by then. */
const firmwareMs = 300;

export class GuestReboot {
  readonly #client: () => QmpClient;
  readonly #file: () => Pick<MachineFile, 'definition' | 'startedWith'>;
  /** The firmware is about to reset the machine itself. */
  #awaitsFirmware = false;
  #firmware: NodeJS.Timeout | undefined;

  constructor(
    client: () => QmpClient,
    file: () => Pick<MachineFile, 'definition' | 'startedWith'>,
  ) {
    this.#client = client;
    this.#file = file;
  }

  /** Errors: those of the monitor. */
  async reset(signal: AbortSignal): Promise<void> {
    const client = this.#client();
    const { definition, startedWith } = this.#file();
    const { settings, hardware } = startedWith ?? definition;
    if (settings.onGuestReboot === 'restart') return await qmp.systemReset(client, { signal });
    await client.execute('set-action', { reboot: 'reset' }, { signal });
    clearTimeout(this.#firmware);
    this.#firmware = undefined;
    this.#awaitsFirmware = hardware.firmware.type === 'bios';
    try {
      await qmp.systemReset(client, { signal });
    } finally {
      if (!this.#awaitsFirmware) await this.#endAtReboot();
    }
  }

  hear({ name, data }: QmpEvent): void {
    if (name !== 'RESET' || data['guest'] !== true || !this.#awaitsFirmware) return;
    this.#firmware ??= setTimeout(() => {
      this.#firmware = undefined;
      this.#awaitsFirmware = false;
      // Its connection ends with the process.
      this.#endAtReboot().catch(() => undefined);
    }, firmwareMs).unref();
  }

  async #endAtReboot(): Promise<void> {
    await this.#client().execute('set-action', { reboot: 'shutdown' });
  }
}
