/** A coordinator in this process as users run it: own folders, a free port, TLS; simulated agents beside it as processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { silentLog, type Log } from '#log';
import { finishedStates, type Operation, type Vm } from '#api';
import type { Coordinator } from '../context.ts';
import { startCoordinator, type CoordinatorTimes, type RunningCoordinator } from '../program.ts';

const agentProgram = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The same as UTF-8. */
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: none. Default: the local token. */
  readonly token?: string | null;
}

export interface StageOptions {
  readonly log?: Log;
  readonly times?: Partial<CoordinatorTimes>;
  /** Default: 127.0.0.1 */
  readonly listen?: string;
  /** Whether libvirt's clients of other machines are answered, on a free port. Default: no. */
  readonly libvirt?: 'on';
}

export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly #options: StageOptions;
  #running: RunningCoordinator;
  #port: number;
  readonly #agents = new Set<AgentProcess>();
  #authority = '';
  #token = '';

  private constructor(folder: string, running: RunningCoordinator, options: StageOptions) {
    this.folder = folder;
    this.#running = running;
    this.#options = options;
    this.#port = Number(new URL(running.url).port);
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'gs-'));
    const stage = new Stage(folder, await Stage.#start(folder, 0, options), options);
    stage.#authority = await readFile(join(folder, 'data/authority/authority.pem'), 'utf8');
    stage.#token = (await readFile(join(folder, 'data/access/local-token'), 'utf8')).trim();
    return stage;
  }

  static #start(folder: string, port: number, options: StageOptions): Promise<RunningCoordinator> {
    return startCoordinator(
      {
        data: join(folder, 'data'),
        config: join(folder, 'config'),
        runtime: join(folder, 'run'),
        host: options.listen ?? '127.0.0.1',
        port,
        libvirt: options.libvirt && { host: '127.0.0.1', port: 0 },
        logLevel: 'silent',
      },
      options.log ?? silentLog,
      { graceMs: 300, ...options.times },
    );
  }

  get coordinator(): Coordinator {
    return this.#running.coordinator;
  }

  get url(): string {
    return this.#running.url;
  }

  get libvirtPort(): number | undefined {
    return this.#running.libvirtPort;
  }

  get libvirtPlainPort(): number | undefined {
    return this.#running.libvirtPlainPort;
  }

  get authority(): string {
    return this.#authority;
  }

  /** Stops the coordinator and starts it again on the same data and port. */
  async restart(between: () => Promise<void> = async () => undefined): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    await between();
    this.#running = await Stage.#start(this.folder, this.#port, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents].map((agent) => agent.end()));
    await this.#running[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A host with QEMU, on this machine, connected. Its files are in `agent-NAME` of the stage's folder. */
  async addQemuHost(name: string): Promise<AgentProcess> {
    // Each QEMU has an account of its own, which must get to its files.
    await chmod(this.folder, 0o711);
    return await this.#addHost(name, ['--driver', 'qemu']);
  }

  /** A simulated host with so many vms, connected. */
  async addHost(name: string, vms = 0): Promise<AgentProcess> {
    return await this.#addHost(name, ['--driver', 'simulated', '--vms', String(vms)]);
  }

  async #addHost(name: string, driver: readonly string[]): Promise<AgentProcess> {
    const { json } = await this.send('POST', '/hosts/join-token');
    const folder = join(this.folder, `agent-${name}`);
    const { token } = json as { token: string };
    await writeFile(`${folder}.token`, `${token}\n`);
    const agent = new AgentProcess([
      '--data',
      folder,
      '--runtime',
      `${folder}.run`,
      '--coordinator',
      this.url,
      ...driver,
      '--name',
      name,
      '--token-file',
      `${folder}.token`,
      '--authority',
      join(this.folder, 'data/authority/authority.pem'),
    ]);
    this.#agents.add(agent);
    await this.until(() => this.host(name)?.status === 'ready', `host ${name} is ready`, 60_000);
    return agent;
  }

  host(name: string): ReturnType<Coordinator['inventory']['host']> {
    const { inventory } = this.coordinator;
    const found = inventory.find('host', name);
    return found && inventory.host(found.id);
  }

  vm(name: string): Vm | undefined {
    const { inventory } = this.coordinator;
    const found = inventory.find('vm', name);
    return found && inventory.vm(found.id);
  }

  /** Waits until it is so; looks at every change of the inventory. */
  async until(holds: () => boolean, what: string, limitMs = 60_000): Promise<void> {
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`it did not come: ${what}`)), limitMs);
    const stop = this.coordinator.inventory.onChange(() => {
      if (holds()) resolve();
    });
    try {
      if (!holds()) await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** One request below /api/v1, or to a path of its own with `//` in front. */
  async send(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const { body, headers = {} } = asked;
    const sent = asked.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const token = asked.token === undefined ? this.#token : asked.token;
    const options: RequestOptions = {
      method,
      ca: this.#authority,
      agent: false,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(sent === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      },
    };
    const url = path.startsWith('//') ? `${this.url}${path.slice(1)}` : `${this.url}/api/v1${path}`;
    return await exchange(url, options, sent);
  }

  /** Submits and waits for the end. */
  async act(method: string, path: string, body?: unknown): Promise<Operation> {
    const { status, json, text } = await this.send(
      method,
      path,
      body === undefined ? {} : { body },
    );
    if (status !== 202) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    let operation = json as Operation;
    while (!finishedStates.includes(operation.state))
      operation = await this.coordinator.operations.wait(operation.id, 10_000);
    return operation;
  }

  /** A WebSocket below /api/v1, not yet open. */
  dial(
    path: string,
    asked: Pick<Asked, 'token' | 'headers'> & { readonly protocol?: string } = {},
  ): WebSocket {
    const token = asked.token === undefined ? this.#token : asked.token;
    return new WebSocket(
      `${this.url.replace('https', 'wss')}/api/v1${path}`,
      asked.protocol ?? [],
      {
        ca: this.#authority,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...asked.headers,
        },
      },
    );
  }

  /** A user with a token, who has the roles on the objects. */
  async addUser(
    name: string,
    grants: readonly { role: string; objectKind?: string; object?: string; deny?: boolean }[] = [],
  ): Promise<string> {
    const made = await this.send('POST', '/users', { body: { name } });
    if (made.status !== 200) throw new Error(made.text);
    for (const grant of grants) {
      const { status, text } = await this.send('POST', '/grants', {
        body: { subject: name, ...grant },
      });
      if (status !== 200) throw new Error(text);
    }
    const { json } = await this.send('POST', '/tokens', {
      body: { name: `of-${name}`, user: name },
    });
    return (json as { secret: string }).secret;
  }
}

async function exchange(
  url: string,
  options: RequestOptions,
  sent: string | Buffer | undefined,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let answered = false;
  const request = httpsRequest(url, options, (response) => {
    answered = true;
    const chunks: Buffer[] = [];
    const finish = (): void => {
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('utf8');
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        bytes,
        text,
        json: parse(text),
      });
    };
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', finish);
    response.on('error', finish);
  });
  // A server that refuses a body ends the connection while it is still being sent.
  request.on('error', (error) => {
    if (!answered) reject(error);
  });
  request.end(sent);
  return await promise;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class AgentProcess {
  readonly #args: readonly string[];
  #child: ChildProcess;
  output = '';

  constructor(args: readonly string[]) {
    this.#args = args;
    this.#child = this.#spawn();
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, [agentProgram, ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.output = (this.output + chunk.toString('utf8')).slice(-100_000);
    });
    return child;
  }

  /** Ends the process with the signal and waits for it. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }

  /** It stays connected, and does nothing until it is woken. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  run(): void {
    this.#child = this.#spawn();
  }
}
