/** The page of a vm (WEB-70): in a console that its person has open and sees, else in a browser, else as an address to go to. */
import type { Run } from './command.ts';
import { openInBrowser } from './open-in-browser.ts';

export async function openVm(
  { client, out, signal }: Pick<Run, 'client' | 'out' | 'signal'>,
  vm: { readonly id: string; readonly name: string },
): Promise<void> {
  const { opened } = await client.call('vm.open', { params: { vm: vm.id } }, signal);
  if (opened) return out.line(`${vm.name} is opened in the console that you have open`);
  const address = new URL(`/vms/${encodeURIComponent(vm.id)}`, client.server).href;
  out.line(address);
  const why = await openInBrowser(address);
  if (why !== undefined) out.note(why);
}
