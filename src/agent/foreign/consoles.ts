/**
 * Screen, keyboard and serial ports of vms that others run. Serial ports come through libvirt's own streams; screens
 * are VNC at the address that the live definition names, reached the way that the connection is (Node cannot be handed
 * an open socket, which is libvirt's other way).
 *
 * Invariant: a serial port is held only while somebody is at it: a hypervisor has one place there for all its clients.
 */
import type { Duplex } from 'node:stream';
import { Fault, toFault, withDeadline, type Clock } from '#lib';
import {
  dialBeside,
  keyCode,
  keyCodeSet,
  libvirtFacts,
  StreamDuplex,
  type Client,
  type DomainHandle,
  type LibvirtUri,
} from '#libvirt';
import { parseKeys, typeText } from '#qemu';
import type { Channel, ChannelAccess } from '../drivers/driver.ts';
import { SerialHub } from '../stream/serial-hub.ts';
import { findScreen } from './graphics.ts';
import type { ForeignMachines } from './machines.ts';
import { readExactly } from '#rfb';
import { takeScreenshot } from './screenshot.ts';
import { unlockScreen } from './unlock-screen.ts';

/** For a port or a screen to answer. */
const openMs = 8_000;
const keyHoldMs = 20;
/** virDomainXMLFlags. */
const withSecrets = 1;
/** What a screen says first (RFC 6143 7.1.1). */
const greetingBytes = 12;

export interface ConsoleTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly uri: LibvirtUri;
  readonly unverified: 'refused' | 'allowed';
  readonly clock: Clock;
}

export class ForeignConsoles {
  readonly #tools: ConsoleTools;
  readonly #hubs = new Map<string, Promise<SerialHub>>();

  constructor(tools: ConsoleTools) {
    this.#tools = tools;
  }

  /** PNG. Errors: the hypervisor's; `unsupported` while the vm is saved. */
  async screenshot(id: string, signal: AbortSignal): Promise<Buffer> {
    if (this.#tools.machines.report(id).state === 'saved')
      throw new Fault('unsupported', 'its hypervisor keeps no picture of a vm that is saved');
    return takeScreenshot(this.#tools.client, this.#dom(id), signal);
  }

  async pressKeys(id: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#press(id, keys.map(parseKeys), signal);
  }

  async typeText(
    id: string,
    { text, layout }: { readonly text: string; readonly layout: 'us' | 'de' },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#press(id, typeText(text, layout), signal);
  }

  /** Errors: the hypervisor's; `unsupported` with the reason, `unavailable`, `exhausted`, `timeout`. */
  openChannel(
    id: string,
    channel: Channel,
    access: ChannelAccess,
    signal: AbortSignal,
  ): Promise<Duplex> {
    return channel === 'screen'
      ? this.#openScreen(id, signal)
      : this.#openSerial(id, channel, access);
  }

  #dom(id: string): DomainHandle {
    return this.#tools.machines.find(id).handle;
  }

  /** One after the other, each let go before the next: a guest's keyboard buffer is small. */
  async #press(
    id: string,
    chords: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock } = this.#tools;
    const presses = chords.map((chord) => chord.map(keyCode));
    for (const keycodes of presses) {
      const args = {
        dom: this.#dom(id),
        codeset: keyCodeSet,
        holdtime: keyHoldMs,
        keycodes,
        flags: 0,
      };
      await client.call('DOMAIN_SEND_KEY', args, { signal });
      await clock.sleep(keyHoldMs * 2, signal);
    }
  }

  async #openScreen(id: string, outer: AbortSignal): Promise<Duplex> {
    const { client, uri, unverified } = this.#tools;
    const dom = this.#dom(id);
    const args = { dom, flags: withSecrets };
    const { xml } = await client.call('DOMAIN_GET_XML_DESC', args, { signal: outer });
    return await withDeadline(`the screen of ${dom.name}`, openMs, outer, async (signal) => {
      const { place, password } = findScreen(xml);
      const screen = await dialBeside(uri, place, { signal, unverified });
      try {
        await untilGreeted(screen, signal);
        return password === null ? screen : await unlockScreen(screen, password, signal);
      } catch (error) {
        screen.destroy();
        throw error;
      }
    });
  }

  /** Others who come meanwhile wait for the same port: whoever has asked first may be gone by then. */
  async #openSerial(
    id: string,
    channel: Exclude<Channel, 'screen'>,
    access: ChannelAccess,
  ): Promise<Duplex> {
    const key = `${id} ${channel}`;
    for (;;) {
      const opening = this.#hubs.get(key) ?? this.#openHub(key, this.#dom(id), channel);
      const stream = (await opening).watch(access);
      if (stream !== undefined) return stream;
      if (this.#hubs.get(key) === opening)
        throw new Fault('exhausted', `${channel} of ${this.#dom(id).name} has too many watchers`);
    }
  }

  #openHub(
    key: string,
    dom: DomainHandle,
    channel: Exclude<Channel, 'screen'>,
  ): Promise<SerialHub> {
    const forget = (): void => {
      if (this.#hubs.get(key) === opening) this.#hubs.delete(key);
    };
    const open = async (): Promise<SerialHub> => {
      // The first is the console of a machine that has another name for it.
      const device = channel === 'serial1' ? null : 'serial1';
      const args = { dom, dev_name: device, flags: 0 };
      const signal = AbortSignal.timeout(openMs);
      const { stream } = await this.#tools.client
        .open('DOMAIN_OPEN_CONSOLE', args, { signal })
        .catch((error: unknown) => {
          throw explainTaken(error, dom.name, channel);
        });
      const port = new StreamDuplex(stream);
      port.once('close', forget);
      const hub = new SerialHub(port, () => {
        forget();
        hub.close();
      });
      return hub;
    };
    const opening = open();
    opening.catch(forget);
    this.#hubs.set(key, opening);
    return opening;
  }
}

/** A port that somebody else has is no error of its own to libvirt, only one of its many failures. */
function explainTaken(error: unknown, name: string, channel: Channel): Fault {
  const cause = toFault(error);
  if (libvirtFacts(cause)?.name !== 'OPERATION_FAILED') return cause;
  return new Fault('refused', `cannot open ${channel} of ${name}`, {
    cause,
    hint: 'somebody may be at it with other tools, such as virsh console',
  });
}

/** So that what does not answer is told as that, not as a screen that stays dark. */
async function untilGreeted(screen: Duplex, signal: AbortSignal): Promise<void> {
  const greeting = await readExactly(screen, greetingBytes, signal);
  if (!/^RFB \d{3}\.\d{3}\n$/.test(greeting.toString('latin1')))
    throw new Fault('unsupported', 'its screen does not speak VNC');
  screen.unshift(greeting);
}
