/**
 * A host with one adapter, for tests: a namespace that is its only way out stands for the office. It is its router,
 * and the coordinator is behind it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../network/linux/adapters/reach.ts';
import { must, NetGuest } from './net-guest.ts';

const addresses = ['192.0.2.5/24', '192.0.2.6/24', '2001:db8::5/64'];

export class Office implements Disposable {
  readonly router: NetGuest;
  readonly coordinator: Endpoint = { host: '203.0.113.7', port: 7443 };
  readonly #folder = mkdtempSync(join(tmpdir(), 'go-'));

  private constructor(router: NetGuest) {
    this.router = router;
  }

  static async open(): Promise<Office> {
    const office = new Office(await NetGuest.make());
    const { router } = office;
    router.speakIpv6();
    const peer = ['peer', 'name', 'eth0', 'netns', String(router.pid)];
    must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', ...peer);
    for (const address of ['192.0.2.1/24', '192.0.2.9/24', '203.0.113.7/32', '2001:db8::1/64'])
      router.run('ip', 'address', 'add', address, 'dev', 'eth0', 'nodad');
    router.run('ip', 'link', 'set', 'dev', 'eth0', 'up');
    writeFileSync('/proc/sys/net/ipv6/conf/eno1/disable_ipv6', '0');
    office.configure();
    await router.serve(office.coordinator.port);
    return office;
  }

  /** As the host's own configuration does when it starts. */
  configure(): void {
    must('ip', 'link', 'set', 'dev', 'eno1', 'up');
    for (const address of addresses) {
      const nodad = address.includes(':') ? ['nodad'] : [];
      must('ip', 'address', 'add', address, 'dev', 'eno1', ...nodad);
    }
    must(
      'ip',
      'address',
      'add',
      '10.1.1.1',
      'peer',
      '10.1.1.2/32',
      'dev',
      'eno1',
      'label',
      'eno1:1',
    );
    must('ip', 'route', 'add', 'default', 'via', '192.0.2.1', 'dev', 'eno1', 'metric', '100');
    must('ip', '-6', 'route', 'add', 'default', 'via', '2001:db8::1', 'dev', 'eno1');
    must('ip', 'route', 'add', '10.9.0.0/16', 'via', '192.0.2.9', 'dev', 'eno1', 'table', '77');
  }

  /** What the host has on the interface: addresses with their length, and routes. */
  has(name: string): string {
    const brief = must('ip', '-brief', 'address', 'show', 'dev', name).split(/\s+/).slice(2);
    const own = brief.filter((one) => one !== '' && !one.startsWith('fe80:'));
    const routes = ['-4', '-6'].map((family) =>
      must('ip', family, 'route', 'show', 'table', 'all', 'dev', name)
        .split('\n')
        .filter((line) => !/^(local|broadcast|multicast|fe80)/.test(line)),
    );
    const lines = [...own, ...routes.flat().map((line) => line.trim())];
    return lines
      .filter((line) => line !== '')
      .toSorted()
      .join('\n');
  }

  /** `ip`, with a script around it that sees each call that changes something: its number is in `$n`. */
  watchedIp(script: string): string {
    const path = join(this.#folder, 'ip');
    const count = join(this.#folder, 'count');
    writeFileSync(count, '0');
    writeFileSync(
      path,
      `#!/bin/sh
case "$*" in
*show*|*get*|*monitor*|*flush*) ;;
*) n=$(($(cat ${count}) + 1)); echo $n > ${count}
${script} ;;
esac
exec ${must('which', 'ip').trim()} "$@"
`,
      { mode: 0o755 },
    );
    return path;
  }

  [Symbol.dispose](): void {
    this.router[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
