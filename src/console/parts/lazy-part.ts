/**
 * Parts of the console that are fetched when they are first wanted. A browser asks for a module once only and keeps that it did
 * not come, so the server is asked first whether it is there: while it is away the part is waited for, and nobody's page or
 * text is lost by it. A part that does not come all the same is one of another build of the console: the page is read anew.
 */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

const firstWaitMs = 250;
const longestWaitMs = 5000;
/** A page that was read so short a time ago has just had its answer. */
const freshMs = 1000;
/** A page that was read anew for a part is not so again within this time, if it still does not come. */
const rereadMs = 60_000;
const rereadKey = 'gantry.reread';

let isServed = (): Promise<boolean> => Promise.resolve(true);

/** How the server is asked whether it is there; until this is called it is. */
export function askBeforeParts(ask: () => Promise<boolean>): void {
  isServed = ask;
}

/** A component that is fetched when it is first shown. */
export function lazyPart<Props>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await fetchPart(load) }));
}

/** As `load` answers it; throws what it throws where the page was read anew for it in vain. */
export async function fetchPart<T>(load: () => Promise<T>): Promise<T> {
  if (performance.now() > freshMs) await untilServed();
  try {
    return await load();
  } catch (error) {
    const last = Number(sessionStorage.getItem(rereadKey) ?? 0);
    if (Date.now() - last < rereadMs) throw error;
    sessionStorage.setItem(rereadKey, String(Date.now()));
    location.reload();
    // The page goes, and with it who waits.
    return await new Promise<never>(() => undefined);
  }
}

async function untilServed(): Promise<void> {
  for (let waitMs = firstWaitMs; !(await isServed()); waitMs = Math.min(waitMs * 2, longestWaitMs))
    await new Promise((resolve) => setTimeout(resolve, waitMs));
}
