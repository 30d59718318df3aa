/**
 * Where the screen of a vm is found, as its live definition says (libvirt's page "Domain XML format", "Graphical
 * framebuffers"). Pure. Of several screens the first that speaks VNC is shown.
 */
import { readElements, type XmlElement } from '#foreign';
import { Fault } from '#lib';
import type { Place } from '#libvirt';

const graphicsPath = /^domain(\[[^\]]*\])?\/devices\/graphics$/;

/** `xml` with what is secret in it. Errors: `unsupported` with the reason; `invalid`, `too-large` for what is no XML. */
export function findScreen(xml: string): Place {
  const elements = readElements(xml);
  const screens = elements.filter(({ path }) => graphicsPath.test(path));
  const screen = screens.find(({ attributes }) => attributes.get('type') === 'vnc');
  if (screen === undefined) throw noScreen(screens);
  const { attributes } = screen;
  if ((attributes.get('passwd') ?? '') !== '')
    throw new Fault('unsupported', 'its screen asks for a password', {
      hint: 'take the password out of its graphics: who may see it is for Gantry to say',
    });
  const listen = elements
    .slice(elements.indexOf(screen) + 1)
    .find(({ path }) => path === `${screen.path}/listen`);
  const path = attributes.get('socket') ?? listen?.attributes.get('socket');
  if (path !== undefined) return { path };
  const host = attributes.get('listen') ?? listen?.attributes.get('address') ?? '127.0.0.1';
  const port = Number(attributes.get('port'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || !/^[\w.:%-]{1,255}$/.test(host))
    throw new Fault('unsupported', 'its screen listens nowhere');
  return { host, port };
}

function noScreen([other]: readonly XmlElement[]): Fault {
  if (other === undefined) return new Fault('unsupported', 'it has no screen');
  const type = (other.attributes.get('type') ?? '').slice(0, 32);
  return new Fault('unsupported', `its screen speaks ${type}`, {
    hint: 'give it graphics of the type vnc',
  });
}
