/** A host with real machines of the starter appliance, and somebody in a browser who looks at their screens. */
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, sitAtBrowser, signInByLink, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { SerialPerson } from './serial.ts';
import { makeShelf, type Shelf } from './shelf.ts';

/** For what waits for a guest's screen. */
export const bootMs = 120_000;

/** For people who look: pictures go to this folder, where it is named. */
const pictures = process.env['GANTRY_TEST_PICTURES'];

export async function look(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}

export interface ScreenMachine {
  readonly name: string;
  /** Where it has one, its pointer is where it is shown; and it has a floppy drive. */
  readonly tablet: boolean;
}

export class ScreenRoom implements AsyncDisposable {
  readonly gantry: Gantry;
  readonly shelf: Shelf;
  readonly browser: Browser;
  /** Signed in as admin. */
  readonly person: Person;

  private constructor(gantry: Gantry, shelf: Shelf, browser: Browser, person: Person) {
    this.gantry = gantry;
    this.shelf = shelf;
    this.browser = browser;
    this.person = person;
  }

  /** With somebody logged in at the serial port of each machine, whose session stays. */
  static async open(machines: readonly ScreenMachine[]): Promise<ScreenRoom> {
    await using stack = new AsyncDisposableStack();
    const gantry = stack.use(await newGantry());
    const out = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    const shelf = stack.use(await makeShelf(gantry));
    await gantry.must('image', 'add', 'starter', shelf.starter);
    await gantry.must('image', 'build', 'additions');
    for (const { name, tablet } of machines) {
      const client = gantry.client();
      await client.wait(
        await client.call('vm.create', {
          body: {
            name,
            disk: { kind: 'image', image: 'starter' },
            start: true,
            definition: { hardware: { tablet, floppy: tablet ? {} : null } },
          },
        }),
      );
    }
    await Promise.all(machines.map(({ name }) => logIn(gantry, name)));
    const browser = await openBrowser();
    stack.defer(() => browser.close());
    const person = await sitAtBrowser(browser);
    await signInByLink(person.page, out);
    await person.page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
    stack.move();
    return new ScreenRoom(gantry, shelf, browser, person);
  }

  async openScreen(name: string): Promise<void> {
    const { page } = this.person;
    const client = this.gantry.client();
    const { id } = await client.call('vm.show', { params: { vm: name } });
    await page.goto(`${client.server}/vms/${id}?tab=screen`);
    await page.getByText('Connected', { exact: true }).waitFor({ timeout: bootMs });
    await page.locator('.screen canvas').waitFor();
  }

  hint(text: string): Locator {
    return this.person.page.locator('.pointer-hint', { hasText: text });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.gantry[Symbol.asyncDispose]();
    this.shelf[Symbol.dispose]();
  }
}

async function logIn(gantry: Gantry, vm: string): Promise<void> {
  await using serial = await SerialPerson.sit(gantry, vm);
  serial.type('\r');
  await serial.until(/login: /);
  serial.type('root\r');
  await serial.until(/assword: /);
  serial.type('gantry\r');
  serial.type('modprobe -a evdev psmouse usbhid; echo ready-$((40+2))\r');
  await serial.until(/ready-42/);
}
