/** The password of an account of a guest, set by the command and typed at the serial port. */
import assert from 'node:assert/strict';
import type { Gantry } from './gantry.ts';
import type { SerialPerson } from './serial.ts';

async function setPassword(gantry: Gantry, password: string): Promise<void> {
  const words = ['vm', 'set-password', 'hello', 'root'];
  const { code, out, err } = await gantry.run(words, `${password}\n`);
  assert.equal(code, 0, err);
  assert.match(out, /password of root changed in the guest of hello/);
  assert.doesNotMatch(`${out}${err}`, new RegExp(password));
}

/** Of somebody who is signed in as root of the starter appliance; it is as it was afterwards. */
export async function changePassword(gantry: Gantry, person: SerialPerson): Promise<void> {
  await setPassword(gantry, 'sesame-open');
  person.forget();
  person.type('exit\r');
  await person.until(/login:/);
  person.type('root\r');
  await person.until(/assword:/);
  person.type('sesame-open\r');
  person.type('echo $((6*8))-again\r');
  await person.until(/48-again/);
  await setPassword(gantry, 'gantry');
}
