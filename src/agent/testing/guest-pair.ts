/** For tests of moves: a guest that works on one of two agents. */
import { GuestMove } from './guest-move.ts';
import { QemuAgent } from './qemu-agent.ts';
import { WrittenGuest } from './written-guest.ts';

export class GuestPair implements AsyncDisposable {
  /** Where the guest is. */
  here: QemuAgent;
  there: QemuAgent;
  readonly guest: WrittenGuest;

  private constructor(here: QemuAgent, there: QemuAgent) {
    this.here = here;
    this.there = there;
    this.guest = new WrittenGuest(here);
  }

  /** Resolves when the guest has booted. */
  static async start(hardware: object = {}): Promise<GuestPair> {
    const [here, there] = await Promise.all([QemuAgent.start(), QemuAgent.start()]);
    const pair = new GuestPair(here, there);
    await pair.guest.create({}, hardware);
    await pair.guest.boot();
    return pair;
  }

  move(): GuestMove {
    return new GuestMove(this.here, this.there, this.guest.definition);
  }

  /** The guest has come there, which is here from now on. */
  async arrived(): Promise<void> {
    await this.guest.goTo(this.there);
    [this.here, this.there] = [this.there, this.here];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.guest.close();
    await this.there[Symbol.asyncDispose]();
    await this.here[Symbol.asyncDispose]();
  }
}
