/** Somebody at the serial port, the keyboard and the screen of a vm by libvirt's protocol, as virt-manager is. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { withDeadline } from '#lib';
import { connectLibvirt, StreamDuplex, type Client, type DomainHandle } from '#libvirt';

export class LibvirtPerson implements AsyncDisposable {
  readonly #client: Client;
  readonly #dom: DomainHandle;
  readonly #xml: string;

  private constructor(client: Client, dom: DomainHandle, xml: string) {
    this.#client = client;
    this.#dom = dom;
    this.#xml = xml;
  }

  static async sit(socket: string, vm: string): Promise<LibvirtPerson> {
    const client = await connectLibvirt(`gantry+unix:///all?socket=${socket}`);
    const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: vm });
    const { xml } = await client.call('DOMAIN_GET_XML_DESC', { dom, flags: 0 });
    return new LibvirtPerson(client, dom, xml);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** What the guest says at the port that the XML names, after a return, until it says what is waited for. */
  async hear(pattern: RegExp): Promise<string> {
    const alias = /<serial [^]*?<alias name='(\w+)'/.exec(this.#xml)?.[1] ?? null;
    const asked = { dom: this.#dom, dev_name: alias, flags: 0 };
    const { stream } = await this.#client.open('DOMAIN_OPEN_CONSOLE', asked);
    const port = new StreamDuplex(stream);
    try {
      return await withDeadline(`the guest to say ${pattern}`, 90_000, undefined, async () => {
        port.write('\r');
        let said = '';
        for await (const bytes of port) {
          said += String(bytes);
          if (pattern.test(said)) break;
        }
        return said;
      });
    } finally {
      port.destroy();
    }
  }

  /** By their numbers in Linux. */
  async press(...keycodes: readonly number[]): Promise<void> {
    const asked = { dom: this.#dom, codeset: 0, holdtime: 0, keycodes: [...keycodes], flags: 0 };
    await this.#client.call('DOMAIN_SEND_KEY', asked);
  }

  /** The first words of the screen at its address. */
  async greeting(): Promise<string> {
    const port = /<graphics type='vnc' port='(\d+)'/.exec(this.#xml)?.[1];
    const viewer = connect({ host: '127.0.0.1', port: Number(port) });
    const [bytes] = (await once(viewer, 'data')) as [Buffer];
    viewer.destroy();
    return bytes.toString('latin1');
  }
}
