/** Visits of a page with a list: bytes, requests and the time to its first row. */
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { percentile } from '../measure.ts';

const rounds = 5;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Visit {
  readonly requests: number;
  readonly bytes: number;
  readonly firstRowMs: number;
}

/** From the beginning of the navigation to the first row of the list with its link. */
async function visit(context: BrowserContext, page: Page, url: string): Promise<Visit> {
  const session: CDPSession = await context.newCDPSession(page);
  await session.send('Network.enable');
  let requests = 0;
  let bytes = 0;
  session.on('Network.requestWillBeSent', () => {
    requests += 1;
  });
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  // On a busy machine too.
  await page.goto(url, { waitUntil: 'commit', timeout: 60_000 });
  await page.locator('.list-table tbody a').first().waitFor({ timeout: 60_000 });
  const firstRowMs = Number(await page.evaluate('firstRowMs'));
  await sleep(1000);
  await session.detach();
  return { requests, bytes, firstRowMs };
}

/** Medians of several visits; before each a person's browser may be emptied. */
export async function measureVisits(
  label: string,
  cache: 'empty' | 'kept',
  context: BrowserContext,
  page: Page,
  url: string,
): Promise<readonly string[]> {
  const visits: Visit[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (cache === 'empty') await clearCache(context, page);
    visits.push(await visit(context, page, url));
  }
  const median = (of: (visit: Visit) => number): string =>
    percentile(visits.map(of), 0.5).toFixed(0);
  return [
    label,
    median(({ requests }) => requests),
    `${median(({ bytes }) => bytes / 1000)} kB`,
    `${median(({ firstRowMs }) => firstRowMs)} ms`,
  ];
}

async function clearCache(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.clearBrowserCache');
  await session.detach();
}

/** Notes in each page when the first row of a list stands in it. */
export const noteFirstRow = `
  new MutationObserver((_changes, observer) => {
    if (document.querySelector('.list-table tbody a') === null) return;
    globalThis.firstRowMs = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true });
`;
