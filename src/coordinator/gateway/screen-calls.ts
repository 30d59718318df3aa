/** A picture of a domain's screen. */
import type { Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

export function screenCalls(connection: Connection): Pick<Handlers, 'DOMAIN_SCREENSHOT'> {
  const { desk, caller } = connection.parts;
  return {
    DOMAIN_SCREENSHOT: async ({ dom }, { signal }) => {
      const { id } = connection.find(dom.uuid);
      const png = await desk.ask(caller, 'vm.screenshot', { params: { vm: id } }, signal);
      return { ret: { mime: 'image/png' }, run: (stream) => stream.write(Buffer.from(png)) };
    },
  };
}
