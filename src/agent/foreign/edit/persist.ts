/** The definition of a domain that its hypervisor keeps, changed in place: read, edited, compared and written. */
import { Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { HardwareContext } from '../hardware/read-hardware.ts';
import { isNotKnown } from '../not-known.ts';
import { editDomain, type Change } from './edit-domain.ts';

/** virDomainXMLFlags: with what is secret, since what is not written is lost; as it is defined. */
const secure = 1;
const asDefined = 2;
/** How often somebody else may have been faster. */
const attempts = 3;

/** With all that is secret in it. */
export async function readLive(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<string> {
  return (await client.call('DOMAIN_GET_XML_DESC', { dom, flags: secure }, { signal })).xml;
}

/** As its hypervisor keeps it, with all that is secret in it. */
export async function readDefined(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<string> {
  const args = { dom, flags: secure | asDefined };
  return (await client.call('DOMAIN_GET_XML_DESC', args, { signal })).xml;
}

/**
 * libvirt has no condition for a write: what is there is compared right before. Errors: as `editDomain`; `stale` where
 * others change it all the time; `unsupported` for a vm that is only there while it runs; the hypervisor's own.
 */
export async function persistChange(
  client: Client,
  dom: DomainHandle,
  change: Change,
  context: HardwareContext,
  signal: AbortSignal,
): Promise<void> {
  const persistent = await isPersistent(client, dom, signal);
  if (persistent === 0)
    throw new Fault('unsupported', `${dom.name} has no definition: it is gone when it ends`, {
      hint: 'define it there first, with virsh define',
    });
  let before = await readDefined(client, dom, signal);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const after = editDomain(before, change, context);
    const now = await readDefined(client, dom, signal);
    if (now === before) {
      if (after !== before) await define(client, after, signal);
      return;
    }
    before = now;
  }
  throw new Fault('stale', `${dom.name} is being changed on its hypervisor`, {
    hint: 'try again',
  });
}

/** What cannot be asked is defined: a driver that knows no others. */
async function isPersistent(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<number> {
  try {
    return (await client.call('DOMAIN_IS_PERSISTENT', { dom }, { signal })).persistent;
  } catch (error) {
    if (!isNotKnown(error)) throw error;
    return 1;
  }
}

/** As a new domain, or in place of the one of the same name and UUID. */
export async function define(
  client: Client,
  xml: string,
  signal: AbortSignal,
): Promise<DomainHandle> {
  try {
    return (await client.call('DOMAIN_DEFINE_XML_FLAGS', { xml, flags: 0 }, { signal })).dom;
  } catch (error) {
    if (!isNotKnown(error)) throw error;
    return (await client.call('DOMAIN_DEFINE_XML', { xml }, { signal })).dom;
  }
}
