/**
 * Where the screen of a vm is found, as its live definition says (libvirt's page "Domain XML format", "Graphical
 * framebuffers"). Pure. Of several screens the first that speaks VNC is shown.
 */
import { readElements, type XmlElement } from '#foreign';
import { Fault } from '#lib';
import type { Place } from '#libvirt';

const graphicsPath = /^domain(\[[^\]]*\])?\/devices\/graphics$/;

export interface Screen {
  readonly place: Place;
  /** Null where it asks for none. */
  readonly password: string | null;
}

/** `xml` with what is secret in it. Errors: `unsupported` with the reason; `invalid`, `too-large` for what is no XML. */
export function findScreen(xml: string): Screen {
  const elements = readElements(xml);
  const screens = elements.filter(({ path }) => graphicsPath.test(path));
  const screen = screens.find(({ attributes }) => attributes.get('type') === 'vnc');
  if (screen === undefined) throw noScreen(screens);
  const { attributes } = screen;
  const listen = elements
    .slice(elements.indexOf(screen) + 1)
    .find(({ path }) => path === `${screen.path}/listen`);
  const path = attributes.get('socket') ?? listen?.attributes.get('socket');
  const password = attributes.get('passwd') ?? null;
  if (path !== undefined) return { place: { path }, password };
  const host = attributes.get('listen') ?? listen?.attributes.get('address') ?? '127.0.0.1';
  const port = Number(attributes.get('port'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || !/^[\w.:%-]{1,255}$/.test(host))
    throw new Fault('unsupported', 'its screen listens nowhere');
  return { place: { host, port }, password };
}

function noScreen([other]: readonly XmlElement[]): Fault {
  if (other === undefined) return new Fault('unsupported', 'it has no screen');
  const type = (other.attributes.get('type') ?? '').slice(0, 32);
  return new Fault('unsupported', `its screen speaks ${type}`, {
    hint: 'give it graphics of the type vnc',
  });
}
