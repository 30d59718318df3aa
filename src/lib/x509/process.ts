/**
 * Work on certificates in a process of its own, for programs that run for months: it is started with the first
 * piece of work and ended once there has been none for a while. What it loads (library.ts) goes with it, which
 * neither a module nor a thread gives back, and what strangers send is parsed beside no other secret.
 *
 * Keys go over its channel, a pair of sockets that nobody else has; none is in its arguments or environment.
 *
 *   none -> ask: starts -> answers -> idle for idleMs: ended -> none
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Fault, faultFromData } from '../fault.ts';
import type { CertificateRequest } from './certificate.ts';
import type { Answer, Question, Work } from './protocol.ts';

const idleMs = 5_000;
/** For all that waits at one time: a piece of work takes some milliseconds, the start half a second. */
const answerMs = 60_000;
const maxWaiting = 1_000;

export class X509Process implements Disposable {
  readonly #idleMs: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;

  constructor(options: { readonly idleMs: number } = { idleMs }) {
    this.#idleMs = options.idleMs;
  }

  /** As the function of this name; each may fail with `unavailable` or `exhausted` as well. */
  createCertificate(request: CertificateRequest): Promise<string> {
    const keys = {
      publicKey: publicText(request.publicKey),
      signingKey: privateText(request.signingKey),
      issuerPublicKey: publicText(request.issuerPublicKey),
    };
    return this.#ask({ does: 'createCertificate', request: { ...request, ...keys } });
  }

  createRequest(privateKey: KeyObject, name: string): Promise<string> {
    return this.#ask({ does: 'createRequest', privateKey: privateText(privateKey), name });
  }

  async readRequest(pem: string): Promise<KeyObject> {
    return createPublicKey(await this.#ask({ does: 'readRequest', pem }));
  }

  /** The process that there is now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  [Symbol.dispose](): void {
    const child = this.#child;
    if (child) this.#lose(child);
  }

  #ask(work: Work): Promise<string> {
    if (this.#waiting.size >= maxWaiting)
      return Promise.reject(new Fault('exhausted', 'too many certificates are asked for at once'));
    const child = (this.#child ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(id, waiting);
    this.#wait(child);
    child.send({ id, work } satisfies Question, (error) => {
      if (error !== null) this.#lose(child);
    });
    return waiting.promise;
  }

  #start(): ChildProcess {
    const child = fork(new URL('process-main.ts', import.meta.url), [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (answer: Answer) => this.#take(child, answer));
    child.on('error', (error) => this.#lose(child, error));
    child.on('exit', () => this.#lose(child));
    return child;
  }

  #take(child: ChildProcess, answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('fault' in answer) waiting?.reject(faultFromData(answer.fault));
    else waiting?.resolve(answer.pem);
    this.#wait(child);
  }

  /** For answers, which keep the program from ending, or for the end of the process, which does not. */
  #wait(child: ChildProcess): void {
    const how = this.#waiting.size > 0 ? 'ref' : 'unref';
    child[how]();
    child.channel?.[how]();
    clearTimeout(this.#timer);
    const limitMs = how === 'ref' ? answerMs : this.#idleMs;
    this.#timer = setTimeout(() => this.#lose(child), limitMs).unref();
  }

  /** Whoever still waits is told; the next one who asks has a new process. */
  #lose(child: ChildProcess, cause?: Error): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    clearTimeout(this.#timer);
    child.kill('SIGKILL');
    for (const { reject } of this.#waiting.values())
      reject(new Fault('unavailable', 'the process that makes certificates has ended', { cause }));
    this.#waiting.clear();
  }
}

function privateText(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' });
}

function publicText(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' });
}
