/**
 * Machines for a test, as far as the network goes: each a network namespace (ip-netns(8)) with a cable of its
 * own to the first. What runs in one reaches the others by their addresses alone.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A reason to skip, or false. */
export const withoutNamespaces: string | false =
  process.getuid?.() !== 0
    ? 'only root may make network namespaces'
    : spawnSync('ip', ['-V']).status !== 0
      ? 'iproute2 is not installed'
      : spawnSync('unshare', ['--net', 'true']).status === 0
        ? false
        : 'namespaces may not be made here';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Of what each program prints the end is kept. */
const maxSaidLength = 8_000;

export class MachinesApart implements AsyncDisposable {
  readonly #names: readonly string[];
  readonly #mark = `g${process.pid}`;
  readonly #started: ChildProcess[] = [];
  readonly #said = new Map<string, string>();

  constructor(names: readonly string[]) {
    this.#names = names;
    try {
      for (const name of names) ip('netns', 'add', this.#space(name));
      for (const [index, name] of names.entries()) this.#connect(name, index);
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  /** Of the first machine, as the one with this name sees it. */
  addressOfFirst(name: string): string {
    return `10.77.${this.#names.indexOf(name)}.1`;
  }

  /** Starts a program that runs until the end. */
  start(name: string, words: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#space(name), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#hear(name, text));
    child.on('exit', (code, signal) => this.#hear(name, `ended: ${signal ?? code}\n`));
    this.#started.push(child);
    return child;
  }

  #hear(name: string, text: string): void {
    this.#said.set(name, `${this.#said.get(name) ?? ''}${text}`.slice(-maxSaidLength));
  }

  /** What each program has printed last, for people. */
  get said(): string {
    return [...this.#said].map(([name, text]) => `--- ${name}:\n${text}`).join('\n');
  }

  async run(name: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
    const child = spawn('ip', ['netns', 'exec', this.#space(name), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? 1, out, err };
  }

  /** As `run`; anything but exit code 0 is an error with what it and the programs have printed. Answers its output. */
  async must(name: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
    const { code, out, err } = await this.run(name, words, env);
    if (code === 0) return out;
    throw new Error(`${words.join(' ')} ended with ${code}\n${out}\n${err}\n${this.said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    this.#remove();
  }

  #space(name: string): string {
    return `${this.#mark}-${name}`;
  }

  #connect(name: string, index: number): void {
    const here = this.#space(name);
    ip('-n', here, 'link', 'set', 'lo', 'up');
    const [first] = this.#names;
    if (index === 0 || first === undefined) return;
    const there = this.#space(first);
    const cable = ['link', 'add', 'eth0', 'netns', here, 'type', 'veth'];
    ip(...cable, 'peer', 'name', `to${index}`, 'netns', there);
    ip('-n', here, 'address', 'add', `10.77.${index}.2/24`, 'dev', 'eth0');
    ip('-n', there, 'address', 'add', `10.77.${index}.1/24`, 'dev', `to${index}`);
    ip('-n', here, 'link', 'set', 'eth0', 'up');
    ip('-n', there, 'link', 'set', `to${index}`, 'up');
  }

  #remove(): void {
    for (const name of this.#names) spawnSync('ip', ['netns', 'delete', this.#space(name)]);
  }
}

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}
