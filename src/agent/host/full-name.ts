/** The fully qualified domain name of a host. */
import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';

/** For the resolver, which may wait for servers that are not there. */
const nameMs = 2000;

/**
 * Fully qualified: of what the host calls itself, or of what its address is called. Undefined where neither is, or where
 * that does not answer in time.
 */
export async function readFullName(name: string = hostname()): Promise<string | undefined> {
  const asked = async (): Promise<string> => {
    const { address } = await lookup(name);
    return (await lookupService(address, 0)).hostname;
  };
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), nameMs).unref();
  });
  const found = await Promise.race([asked().catch(() => undefined), late]);
  return fullNameOf(name, found);
}

/** A name for the address is taken only where it is a longer one of the same host: it may be that of many. */
export function fullNameOf(name: string, found: string | undefined): string | undefined {
  const qualified = [name, found].find(
    (one) => one !== undefined && (one === name || one.startsWith(`${name}.`)) && isFull(one),
  );
  return qualified?.replace(/\.$/, '').toLowerCase();
}

function isFull(name: string): boolean {
  return name.length <= 255 && /^[a-z0-9-]+(\.[a-z0-9-]+)+\.?$/i.test(name);
}
