/** A simulated fleet, and somebody in a browser who looks at it, signed in as admin. */
import type { Browser } from 'playwright-core';
import type { Vm } from '#api';
import { openBrowser, sitAtBrowser, signInByLink, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

export class ConsoleRoom implements AsyncDisposable {
  readonly gantry: Gantry;
  readonly browser: Browser;
  readonly person: Person;

  private constructor(gantry: Gantry, browser: Browser, person: Person) {
    this.gantry = gantry;
    this.browser = browser;
    this.person = person;
  }

  /** `fleet` as `up --simulate` takes it: hosts and vms of each. */
  static async open(fleet: string): Promise<ConsoleRoom> {
    await using stack = new AsyncDisposableStack();
    const gantry = stack.use(await newGantry());
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', fleet);
    const browser = await openBrowser();
    stack.defer(() => browser.close());
    const person = await sitAtBrowser(browser);
    await signInByLink(person.page, out);
    await person.page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    stack.move();
    return new ConsoleRoom(gantry, browser, person);
  }

  get server(): string {
    return this.gantry.client().server;
  }

  /** A page of the console by its path. */
  async show(path: string): Promise<void> {
    await this.person.page.goto(this.server + path);
    await this.person.page.getByRole('heading', { level: 1 }).waitFor();
  }

  async runningVm(): Promise<Vm> {
    const query = { filter: 'state = running', sort: 'name', limit: 1 };
    const { items } = await this.gantry.client().call('vm.list', { query });
    if (items[0] === undefined) throw new Error('no vm runs');
    return items[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.gantry[Symbol.asyncDispose]();
  }
}
