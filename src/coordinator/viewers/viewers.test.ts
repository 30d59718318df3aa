/** Native viewers: real ones (TigerVNC, vncsnapshot) and some made of bytes, at ports of an agent made of bytes and of a real one. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, afterEach, before, describe, test } from 'node:test';
import { pino } from 'pino';
import type { ConsoleSession, ConsoleTicket, Host, ViewerCertificate, VmViewer } from '#api';
import { makePair } from '../../lib/x509/testing/certificate-pair.ts';
import { consoleEvents, ConsolePerson } from '../testing/console-peers.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { freePort } from '../testing/free-port.ts';
import { PaintedScreens, screenSize, ViewerDoors } from '../testing/painted-screen.ts';
import { begin, knock, look, press, type Proof } from '../testing/raw-viewer.ts';
import { Stage } from '../testing/stage.ts';

const password = 'correct horse battery staple';
const viewer = '/usr/bin/vncviewer';
const xServer = '/usr/bin/Xvfb';
const snapshot = '/usr/bin/vncsnapshot';
const missing = (...programs: readonly string[]): string | false => {
  const absent = programs.filter((program) => !existsSync(program));
  return absent.length === 0 ? false : `${absent.join(', ')} missing`;
};
/** Of a pixel of the painted screen: blue, green, red. */
const painted = Buffer.from([50, 100, 200, 0]);
const keyA = 0x61;

let stage: Stage;
let agent: FakeAgent;
let doors: ViewerDoors;
let screens: PaintedScreens;
let bob = '';
let firstPort = 0;
const logged: string[] = [];
const knocked: Duplex[] = [];

before(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  stage = await Stage.open({ log });
  agent = await FakeAgent.join(stage, 'h1');
  screens = new PaintedScreens(agent);
  doors = new ViewerDoors(agent);
  agent.handlers['host.configure'] = () => ({});
  const running = { state: 'running', wasRunning: true } as const;
  const shut = makeDefinition('shut');
  await agent.connect(
    [
      makeRecord(makeDefinition('web-1'), 1, running),
      makeRecord(makeDefinition('web-2'), 1, running),
      makeRecord(shut, 1),
    ],
    { address: '127.0.0.1' },
  );
  bob = await stage.addUser('bob', [{ role: 'vm-operator' }]);
  await stage.addUser('eve');
  for (const user of ['bob', 'eve'])
    assert.equal((await stage.send('PATCH', `/users/${user}`, { body: { password } })).status, 200);
  firstPort = await freePort(3);
  await set({ enabled: true, address: '127.0.0.1', firstPort, ports: 3 });
  await stage.until(() => stage.host('h1')?.viewers.state === 'listening', 'it listens');
});
after(async () => {
  await doors[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function set(viewers: Readonly<Record<string, unknown>>, host = 'h1'): Promise<void> {
  const { status, text } = await stage.send('PATCH', `/hosts/${host}`, {
    body: { settings: { viewers } },
  });
  assert.equal(status, 200, text);
}

async function show(vm: string): Promise<VmViewer> {
  return (await stage.send('GET', `/vms/${vm}/viewer`, { token: bob })).json as VmViewer;
}

async function portOf(vm: string): Promise<number> {
  return (await show(vm)).port ?? 0;
}

async function ticketOf(vm: string): Promise<ConsoleTicket> {
  const { json } = await stage.send('POST', `/vms/${vm}/console-tickets`, { token: bob });
  return json as ConsoleTicket;
}

async function knockAt(vm: string, proof: Proof): ReturnType<typeof knock> {
  const proved = await knock(await portOf(vm), proof, { ca: stage.authority });
  knocked.push(proved.stream);
  return proved;
}

const asBob = { means: 'plain', user: 'bob', password } as const;

/** Who is at the screen: `person access`. */
async function present(vm: string): Promise<readonly string[]> {
  const { json } = await stage.send('GET', `/vms/${vm}/consoles`);
  const { items } = json as { items: ConsoleSession[] };
  return items.flatMap(({ participants }) =>
    participants.map(({ person, access, address }) => `${person} ${access} ${address}`),
  );
}

/** One screen for X clients, whose picture lies in a file. */
class Display implements AsyncDisposable {
  readonly #server: ChildProcess;
  readonly #folder: string;
  readonly name: string;

  private constructor(server: ChildProcess, folder: string, name: string) {
    this.#server = server;
    this.#folder = folder;
    this.name = name;
  }

  static async open(): Promise<Display> {
    const folder = await mkdtemp(join(stage.folder, 'display-'));
    const args = ['-displayfd', '3', '-screen', '0', '640x480x24', '-fbdir', folder];
    const server = spawn(xServer, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const [said] = (await once(server.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
    return new Display(server, folder, `:${said.toString().trim()}`);
  }

  async countPainted(): Promise<number> {
    const bytes = await readFile(join(this.#folder, 'Xvfb_screen0'));
    let count = 0;
    for (let at = bytes.indexOf(painted); at >= 0; at = bytes.indexOf(painted, at + 4)) count += 1;
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#server);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** TigerVNC's viewer as bob, and what it says. */
function startViewer(
  display: Display,
  address: string,
): { child: ChildProcess; said: () => string } {
  const child = spawn(
    viewer,
    [`-X509CA=${join(stage.folder, 'data/authority/authority.pem')}`, '-Log=*:stderr:100', address],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        HOME: stage.folder,
        DISPLAY: display.name,
        VNC_USERNAME: 'bob',
        VNC_PASSWORD: password,
      },
    },
  );
  let text = '';
  child.stderr?.on('data', (bytes: Buffer) => (text += bytes.toString()));
  return { child, said: () => text };
}

/** Looks until it is so, at what tells nobody when it changes. */
async function comes(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > until) throw new Error(`it did not come: ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 25));
  }
}

describe('native viewers', { timeout: 120_000 }, () => {
  afterEach(async () => {
    for (const stream of knocked.splice(0)) stream.destroy();
    for (const vm of ['web-1', 'web-2'])
      await comes(`nobody at ${vm}`, async () => (await present(vm)).length === 0);
  });

  test(
    'RCON-04 an unmodified viewer shows the screen of a vm to a person with name and password, over TLS, as a participant like others',
    {
      skip: missing(viewer, xServer),
    },
    async () => {
      await using display = await Display.open();
      const { child, said } = startViewer(display, `127.0.0.1::${await portOf('web-1')}`);
      try {
        const pixels = screenSize.width * screenSize.height;
        // A hint of the viewer covers some of them.
        await comes('the picture', async () => (await display.countPainted()) > pixels / 2).catch(
          (e: Error) => {
            throw new Error(said(), { cause: e });
          },
        );
        assert.match(said(), /X509Plain/);
        assert.match(said(), /TLS handshake completed/);
        assert.deepEqual(await present('web-1'), ['bob control 127.0.0.1']);
      } finally {
        await end(child);
      }
      await comes('it is empty', async () => (await present('web-1')).length === 0);
    },
  );

  test(
    'RCON-04 an old viewer without TLS takes the ticket of a person, where its host allows that',
    {
      skip: missing(snapshot),
    },
    async () => {
      await set({ unencrypted: 'allowed' });
      const file = join(stage.folder, 'snapshot.jpg');
      const port = (await portOf('web-1')) - 5900;
      const child = spawn(snapshot, [`127.0.0.1:${port}`, file], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.end(`${(await ticketOf('web-1')).password}\n`);
      const [code] = (await once(child, 'exit')) as [number];
      assert.equal(code, 0);
      assert.ok((await stat(file)).size > 100);
      await set({ unencrypted: 'refused' });
    },
  );

  test('RCON-09 a native viewer takes the right to the console at each connection; connect, refusal and disconnect are events with person, address and duration', async () => {
    const vm = (await stage.send('GET', '/vms/web-2')).json as { id: string };
    const filter = `target.id = "${vm.id}" AND category = Console`;
    assert.match((await knockAt('web-2', { ...asBob, user: 'eve' })).answer, /there is no vm/);
    const first = await knockAt('web-2', asBob);
    assert.equal(first.answer, 'in');
    assert.equal(await begin(first.stream), 'fake');
    first.stream.destroy();
    const events = await consoleEvents(stage, filter, 2);
    const told = events.map(({ name, actor, origin }) => `${name} ${actor.name} ${origin}`);
    assert.deepEqual(told, ['console.opened bob 127.0.0.1', 'console.closed bob 127.0.0.1']);
    assert.equal(typeof events.at(-1)?.attributes['durationMs'], 'number');
    assert.match((await knockAt('shut', asBob)).answer, /shut is off/);
    const off = `target.id = "${stage.vm('shut')?.id}" AND category = Console`;
    const [refused] = await consoleEvents(stage, off, 1);
    assert.deepEqual(
      [refused?.name, refused?.actor.name, refused?.origin],
      ['console.refused', 'bob', '127.0.0.1'],
    );
    const { items } = (await stage.send('GET', '/grants')).json as {
      items: { id: string; subject: string }[];
    };
    const grant = items.find(({ subject }) => subject === 'bob')?.id ?? '';
    const open = await knockAt('web-2', asBob);
    assert.equal(open.answer, 'in');
    const closed = once(open.stream, 'close');
    assert.ok((await stage.send('DELETE', `/grants/${grant}`)).status < 300);
    await closed;
    assert.match((await knock(firstPort + 1, asBob, { ca: stage.authority })).answer, /no vm/);
    const again = { subject: 'bob', role: 'vm-operator' };
    assert.equal((await stage.send('POST', '/grants', { body: again })).status, 200);
  });

  test('a native viewer is seen by others, shares the screen with them, and is put into view-only', async () => {
    const page = await ConsolePerson.join(stage, '/vms/web-1/screen', bob);
    const native = await knockAt('web-1', asBob);
    await begin(native.stream);
    await page.until(() => page.present.length === 2, 'both are there');
    assert.deepEqual(page.present, ['bob control', 'bob control']);
    press(native.stream, keyA);
    await comes('the key', () => screens.typed.length === 1);
    const other = page.last.session.participants.find(({ id }) => id !== page.id);
    const path = `/vms/web-1/consoles/screen/participants/${other?.id}`;
    const body = { access: 'view-only' };
    assert.equal((await stage.send('PATCH', path, { token: bob, body })).status, 200);
    press(native.stream, keyA + 1);
    await look(native.stream, screenSize);
    assert.equal(
      (await stage.send('PATCH', path, { token: bob, body: { access: 'control' } })).status,
      200,
    );
    await page.until(() => page.present.every((one) => one.endsWith('control')), 'control');
    press(native.stream, keyA + 2);
    await comes('the key', () => screens.typed.length === 2);
    assert.deepEqual(screens.typed, [keyA, keyA + 2]);
    native.stream.destroy();
    await page.hears('left bob by bob');
    await page.leave();
  });

  test('RCON-10 the way to sign in is chosen per host, for new connections, while vms go on', async () => {
    const plain = asBob;
    const withToken = { ...asBob, password: bob };
    const open = await knockAt('web-1', plain);
    assert.equal(open.answer, 'in');
    const answers = async (): Promise<readonly string[]> => {
      const { password: once_ } = await ticketOf('web-1');
      const tries: readonly Proof[] = [plain, withToken, { means: 'challenge', password: once_ }];
      const said: string[] = [];
      for (const proof of tries) {
        const { answer, stream } = await knockAt('web-1', proof);
        stream.destroy();
        said.push(answer);
      }
      return said;
    };
    assert.deepEqual(await answers(), ['in', 'in', 'in']);
    await set({ signIn: 'accounts' });
    assert.deepEqual(await answers(), ['in', 'in', 'not offered']);
    await set({ signIn: 'tickets' });
    assert.deepEqual(await answers(), ['not offered', 'not offered', 'in']);
    await set({ signIn: 'any' });
    assert.equal((await show('web-1')).signIn, 'any');
    // Who was in before is in still, and no vm was asked to do anything.
    assert.equal(await begin(open.stream), 'fake');
    open.stream.destroy();
    assert.deepEqual(agent.calls('machine.act'), []);
    const ticket = await ticketOf('web-1');
    const used = { means: 'challenge', password: ticket.password } as const;
    assert.equal((await knockAt('web-1', used)).answer, 'in');
    assert.match((await knockAt('web-1', used)).answer, /the ticket was used/);
    assert.match((await knockAt('web-1', { ...plain, password: 'wrong' })).answer, /is wrong/);
  });

  test('RCON-15 neither log, audit trail nor events have what a viewer proved itself with', async () => {
    const { password: once_ } = await ticketOf('web-1');
    await knockAt('web-1', { means: 'challenge', password: once_ });
    const folder = join(stage.folder, 'data/audit');
    const audited = await Promise.all(
      (await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')),
    );
    const { text } = await stage.send('GET', '/events?limit=500');
    for (const secret of [once_, password, bob.slice(8, 40)])
      assert.ok(![...logged, ...audited, text].some((one) => one.includes(secret)));
  });

  test('RCON-17 without TLS nobody is let in unless an administrator has allowed it for the host, which is a standing warning', async () => {
    const warnings = async (): Promise<readonly string[]> => {
      const { json } = await stage.send('GET', '/installation');
      const { findings } = json as { findings: { check: string; evidence: string }[] };
      return findings.filter(({ check }) => check === 'viewers').map(({ evidence }) => evidence);
    };
    const clear = async (): Promise<string> => {
      const { password: once_ } = await ticketOf('web-1');
      const proof = { means: 'challenge without TLS', password: once_ } as const;
      const { answer, stream } = await knockAt('web-1', proof);
      stream.destroy();
      return answer;
    };
    const tls = async (): Promise<string | undefined> =>
      ((await stage.send('GET', '/hosts/h1')).json as Host).viewers.tls;
    assert.equal(await clear(), 'not offered');
    assert.deepEqual([await tls(), await warnings()], ['required', []]);
    const denied = await stage.send('PATCH', '/hosts/h1', {
      token: bob,
      body: { settings: { viewers: { unencrypted: 'allowed' } } },
    });
    assert.ok([403, 404].includes(denied.status), denied.text);
    await set({ unencrypted: 'allowed' });
    assert.equal(await clear(), 'in');
    assert.equal(await tls(), 'optional');
    assert.match((await warnings()).join(), /host h1 lets in viewers of screens without TLS/);
    // A password never goes without TLS.
    await set({ signIn: 'accounts' });
    assert.equal(await clear(), 'not offered');
    await set({ signIn: 'any', unencrypted: 'refused' });
    assert.deepEqual([await clear(), await warnings()], ['not offered', []]);
  });

  test(
    'RCON-18 certificates are generated or supplied, and a viewer that connects to another name than theirs says so',
    {
      skip: missing(viewer, xServer),
    },
    async () => {
      const path = '/hosts/h1/viewer-certificate';
      const shown = async (): Promise<ViewerCertificate> =>
        (await stage.send('GET', path)).json as ViewerCertificate;
      const made = await shown();
      assert.equal(made.issuedBy, 'gantry');
      assert.match(made.names, /DNS:h1, IP Address:127\.0\.0\.1/);
      assert.equal(made.warning, null);
      const again = (await stage.send('POST', path)).json as ViewerCertificate;
      assert.notEqual(again.fingerprint, made.fingerprint);
      await using display = await Display.open();
      const { child, said } = startViewer(display, `localhost::${await portOf('web-1')}`);
      try {
        await comes('the warning', () => said().includes('hostname mismatch'));
        assert.deepEqual(await present('web-1'), []);
      } finally {
        await end(child);
      }
      const supplied = await makePair('elsewhere.example');
      const answer = await stage.send('PUT', path, { body: supplied });
      assert.equal(answer.status, 200, answer.text);
      const other = answer.json as ViewerCertificate;
      assert.deepEqual([other.issuedBy, other.names], ['user', 'DNS:elsewhere.example']);
      assert.match(other.warning ?? '', /not valid for h1, 127\.0\.0\.1/);
      const trusted = await knock(await portOf('web-1'), asBob, {
        ca: supplied.chain,
        name: 'elsewhere.example',
      });
      assert.equal(trusted.answer, 'in');
      trusted.stream.destroy();
      await assert.rejects(
        knock(firstPort, asBob, { ca: supplied.chain, name: 'h1' }),
        /ERR_TLS_CERT_ALTNAME_INVALID|does not match/,
      );
      const { findings } = (await stage.send('GET', '/installation')).json as {
        findings: { check: string; evidence: string }[];
      };
      assert.ok(findings.some(({ evidence }) => evidence.includes('not valid for h1')));
      const wrong = await stage.send('PUT', path, { body: { ...supplied, key: made.chain } });
      assert.equal(wrong.status, 400, wrong.text);
      assert.equal((await stage.send('POST', path)).status, 200);
      assert.equal((await shown()).issuedBy, 'gantry');
      assert.ok(!JSON.stringify(await shown()).includes('PRIVATE'));
    },
  );

  test('RCON-05 consoles of all vms in a browser share the port of the coordinator; native viewers have a port of the host each, by default from 5900 on, at an address that is chosen, and keep it', async () => {
    const { settings } = (await stage.send('GET', '/hosts/h1')).json as Host;
    assert.equal(settings.viewers.firstPort, firstPort);
    for (const vm of ['web-1', 'web-2']) {
      const page = await ConsolePerson.join(stage, `/vms/${vm}/screen`, bob);
      assert.equal(new URL(page.socket.url).port, new URL(stage.url).port);
      await page.leave();
    }
    await stage.addHost('sim', 4);
    const host = (): Host => stage.host('sim') as Host;
    assert.deepEqual(
      [host().viewers.state, host().settings.viewers.firstPort, host().viewers.ports],
      ['off', 5900, '5900-5999'],
    );
    const own = await freePort(3);
    await set({ enabled: true, address: '127.0.0.2', firstPort: own, ports: 3 }, 'sim');
    await stage.until(() => host().viewers.state === 'listening', 'it listens');
    assert.match(host().viewers.reason ?? '', /1 vms have no port/);
    const vms = (await stage.send('GET', '/vms?filter=host%20%3D%20sim')).json as {
      items: { name: string; id: string }[];
    };
    const ports = async (): Promise<readonly (number | null)[]> =>
      await Promise.all(vms.items.map(async ({ id }) => (await show(id)).port));
    const before = await ports();
    assert.deepEqual(new Set(before), new Set([own, own + 1, own + 2, null]));
    const greeting = async (address: string, port: number): Promise<string> => {
      const socket = connect({ host: address, port });
      try {
        const [said] = (await once(socket, 'data')) as [Buffer];
        return said.toString();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? '';
      } finally {
        socket.destroy();
      }
    };
    assert.equal(await greeting('127.0.0.2', own), 'RFB 003.008\n');
    assert.equal(await greeting('127.0.0.1', own), 'ECONNREFUSED');
    await set({ enabled: false }, 'sim');
    await comes('it is closed', async () => (await greeting('127.0.0.2', own)) === 'ECONNREFUSED');
    await set({ enabled: true }, 'sim');
    await stage.until(() => host().viewers.state === 'listening', 'it listens again');
    assert.deepEqual(await ports(), before);
    await comes('it is open', async () => (await greeting('127.0.0.2', own)).startsWith('RFB'));
    await stage.restart();
    await stage.until(() => host().viewers.state === 'listening', 'after a restart', 30_000);
    assert.deepEqual(await ports(), before);
  });
});
