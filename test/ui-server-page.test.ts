/**
 * The page "Server" in a real browser: against fixtures, and against a real server that refuses
 * something. Run it alone with `npx vitest run --project system test/ui-server-page.test.ts`; it needs
 * Chromium.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { healthyStatus } from '../packages/model/src/testing/status.ts';
import { type Server, startServer } from '../packages/server/src/main.ts';
import { launchBrowser, openPage, type WatchedPage } from './support/ui/browser.ts';
import { buildUi } from './support/ui/build.ts';
import { NO_MESSAGES } from './support/ui/coverage.ts';
import { HOSTILE_TEXTS } from './support/ui/hostile.ts';
import { type Fixture, serveFixture } from './support/ui/server.ts';
import { eventfulStatus, hostileStatus } from './support/ui/status.ts';

/** At least as long as the page waits before it asks again. */
const POLL_MS = 2_500;

/** WCAG 2.2, 1.4.3: of text that is not large. */
const CONTRAST_MIN = 4.5;

const fixture: Fixture = { coverage: NO_MESSAGES, lifecycles: [], status: healthyStatus() };
let dist: string;
let server: Awaited<ReturnType<typeof serveFixture>>;
let browser: Browser;
let watched: WatchedPage;
let page: Page;

function region(name: string) {
  return page.getByRole('region', { name, exact: true });
}

function heading() {
  return page.getByRole('heading', { name: 'Server', exact: true });
}

/** A server in this process with what this test built, which nobody sends to but the test. */
function startReal(dataDir: string): Promise<Server> {
  return startServer({
    dataDir,
    durability: 'os',
    retention: { ageMs: 86_400_000, diskBytesMax: 1e9 },
    journalBytesMax: 1e9,
    host: '127.0.0.1',
    uiPort: 0,
    otlpHttpPort: 0,
    otlpGrpcPort: 0,
    jaegerPorts: false,
    jaegerCompactPort: undefined,
    jaegerBinaryPort: undefined,
    jaegerHttpPort: undefined,
    zipkinPort: 0,
    cluster: undefined,
    ingestToken: undefined,
    readToken: undefined,
    publicHost: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    tlsClientCa: undefined,
    uiDir: dist,
    version: '0.0.0',
    logLevel: 'silent',
    logStream: { write: () => undefined },
  });
}

/** How well the text of the element can be told from what is behind it: 1 to 21. */
function contrast(selector: string): Promise<number> {
  return page.locator(selector).evaluate((element) => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) =>
      channels(colour)
        .slice(0, 3)
        .map((channel) => channel / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, index) => sum + c * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
    let behind: Element | null = element;
    while (behind && channels(getComputedStyle(behind).backgroundColor)[3] === 0) {
      behind = behind.parentElement;
    }
    const shades = [
      luminance(getComputedStyle(element).color),
      luminance(getComputedStyle(behind ?? element).backgroundColor),
    ].sort((left, right) => right - left);
    return ((shades[0] ?? 0) + 0.05) / ((shades[1] ?? 0) + 0.05);
  });
}

beforeAll(async () => {
  dist = await buildUi();
  server = await serveFixture(dist, fixture);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(dist, { recursive: true, force: true });
});

beforeEach(async () => {
  Object.assign(fixture, { lifecycles: [], status: healthyStatus(), failure: undefined });
  watched = await openPage(browser, server.origin);
  page = watched.page;
});

afterEach(async () => {
  await page.context().close();
  expect(watched.complaints).toEqual([]);
});

test('a request that a real server refused is shown with its sender and what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-'));
  const real = await startReal(folder);
  try {
    await page.goto(`${real.uiUrl}/server`);
    await page.getByRole('status').getByText('Nothing received yet').waitFor();
    await fetch(`${real.otlpHttpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': '<b>sender</b>/1' },
      body: '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
    });
    const row = region('Refusals').getByRole('row', { name: 'TL_OTLP_MALFORMED' });
    await row.getByText('127.0.0.1 (<b>sender</b>/1)').waitFor();
    await row.getByText('traceId').waitFor();
    await page.getByRole('status').getByText('Refusing everything').waitFor();
    await fetch(`${real.otlpHttpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"resourceSpans":[]}',
    });
    await region('Receiving')
      .getByRole('row', { name: /^OTLP\/HTTP http:\S+ 2 1 0 0 \d+ s ago/ })
      .waitFor();
    await region('Engine').getByText('ready').waitFor();
    await page.reload();
    await heading().waitFor();
  } finally {
    await real.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('is reached by the pill, a key and the paste box, and is in the sheet of keys', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Server: 48 213 spans' }).click();
  await heading().waitFor();
  await expect.poll(() => new URL(page.url()).pathname).toBe('/server');
  await page.getByRole('link', { name: 'Throughline' }).click();
  await heading().waitFor({ state: 'detached' });
  await page.keyboard.press('s');
  await heading().waitFor();
  await expect.poll(() => page.title()).toBe('Server · Throughline');
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('the server’s state').waitFor();
  await page.keyboard.press('Escape');
  await page.goto('/');
  const box = page.getByRole('textbox', { name: 'Go to' });
  await box.fill('/server');
  await box.press('Enter');
  await heading().waitFor();
});

test('says in one line how the server is, and follows it by itself', async () => {
  await page.clock.install();
  await page.goto('/server');
  const state = page.getByRole('status');
  await state.getByText('Receiving', { exact: true }).waitFor();
  const { engine } = fixture.status;
  fixture.status = { ...fixture.status, engine: { ...engine, state: 'restarting', restarts: 1 } };
  await page.clock.fastForward(POLL_MS);
  await state.getByText('Engine restarting').waitFor();
  await page.getByRole('link', { name: 'Server: Engine restarting' }).waitFor();
  await page.getByRole('list', { name: 'Also' }).getByText('The last spans came 2 s ago').waitFor();
  fixture.failure = { code: 'TL_ENGINE_UNAVAILABLE', message: 'A defect.' };
  await page.clock.runFor(2 * POLL_MS);
  await page.getByText('Not up to date: A defect.').waitFor();
  expect(await state.getByText('Engine restarting').isVisible()).toBe(true);
  fixture.failure = undefined;
  await page.clock.runFor(2 * POLL_MS);
  await page.getByText('Not up to date').waitFor({ state: 'detached' });
});

/** As the browser tells a page whose tab another one covers. */
function setVisibility(state: 'hidden' | 'visible'): Promise<void> {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

test('asks nothing while nobody sees it', async () => {
  await page.clock.install();
  await page.goto('/server');
  await heading().waitFor();
  await setVisibility('hidden');
  await page.waitForLoadState('networkidle');
  let asked = 0;
  page.on('request', () => {
    asked += 1;
  });
  await page.clock.runFor(20 * POLL_MS);
  expect(asked).toBe(0);
  await setVisibility('visible');
  await page.clock.runFor(POLL_MS);
  await expect.poll(() => asked).toBeGreaterThan(0);
});

test('of a server on which nothing happened says so in every part', async () => {
  const { ingest, journal, store } = fixture.status;
  const nothing = { requests: 0, spansAccepted: 0, rejected: {}, protocols: {}, refusals: [] };
  fixture.status = { ...fixture.status, ingest: nothing, journal: { ...journal, bytes: 0 } };
  await page.goto('/server');
  await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318').waitFor();
  await region('Refusals').getByText('Nothing was refused').waitFor();
  await region('Store').getByText('Nothing is stored yet').waitFor();
  await region('Store').getByText('Nothing was pruned yet').waitFor();
  await region('Set aside').getByText('Nothing was set aside').waitFor();
  await region('Warnings').getByText('nothing to warn of').waitFor();
  expect([ingest.requests, store.recordsQuarantined]).toEqual([812, 0]);
});

test('shows what is received, waits, is stored, was pruned and set aside', async () => {
  fixture.status = eventfulStatus();
  await page.goto('/server');
  const receiving = region('Receiving');
  await receiving.getByRole('row', { name: 'OTLP/HTTP http://127.0.0.1:4318 8 089' }).waitFor();
  await expect.poll(() => receiving.getByRole('row').count()).toBe(6);
  const journal = page.getByRole('meter', { name: 'Journal' });
  expect(await journal.getAttribute('aria-valuetext')).toBe('861 MB of 1 GB');
  await region('Journal').getByText('94.00 s').waitFor();
  const spans = page.getByRole('table', { name: 'Tables' }).getByRole('row', { name: /^spans / });
  expect(await spans.getByRole('cell').allInnerTexts()).toEqual([
    'spans',
    '4\u2009812\u2009337',
    '812 MB',
    '6 d ago',
  ]);
  const prunings = page.getByRole('table', { name: 'Prunings' });
  await prunings.getByRole('row', { name: /20 min ago too much .*1 204 000 310 MB/ }).waitFor();
  await prunings.getByRole('row', { name: /1 d ago too old .* 1 408 kept, 2 cut/ }).waitFor();
  await region('Set aside').getByText('the disk damaged them').waitFor();
  await region('Engine').getByText('ClickHouse 26.7.2.1').waitFor();
  await region('Warnings').getByText('No jaeger-binary receiver').waitFor();
});

test('fifty refusals of long texts are cut short, and all is there on demand', async () => {
  fixture.status = eventfulStatus();
  await page.goto('/server');
  const refusals = region('Refusals');
  const rows = refusals.getByRole('table').locator('tbody').getByRole('row');
  await rows.first().waitFor();
  await expect.poll(() => rows.count()).toBe(8);
  await refusals.getByRole('button', { name: 'Show all 50' }).click();
  await expect.poll(() => rows.count()).toBe(50);
  const message = fixture.status.ingest.refusals[49]?.message.trim() ?? '';
  expect(await refusals.getByText(message).count()).toBe(0);
  await rows.last().getByRole('button', { name: 'more' }).click();
  await rows.last().getByText(message).waitFor();
});

test('a code leads to what it means, a finding to its part of the page', async () => {
  fixture.status = eventfulStatus();
  await page.setViewportSize({ width: 1_000, height: 500 });
  await page.goto('/server');
  await page.getByRole('link', { name: 'TL_OVERLOADED' }).first().focus();
  await page.keyboard.press('Enter');
  const meaning = page.getByText('A conforming exporter sends again by itself.');
  await expect.poll(() => meaning.evaluate(isInView)).toBe(true);
  await expect.poll(() => new URL(page.url()).hash).toBe('#TL_OVERLOADED');
  await page.getByRole('link', { name: 'Show: Set aside' }).click();
  await expect.poll(() => region('Set aside').evaluate(isInView)).toBe(true);
  await page.goBack();
  await expect.poll(() => new URL(page.url()).hash).toBe('#TL_OVERLOADED');
  await page.goto('/');
  await page.goto('/server#set-aside');
  await expect.poll(() => region('Set aside').evaluate(isInView)).toBe(true);
});

function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

test('texts of strangers run nothing, lead nowhere and turn nothing around', async () => {
  fixture.status = hostileStatus();
  await page.goto('/server');
  const refusals = region('Refusals');
  for (const text of HOSTILE_TEXTS.slice(0, 5)) {
    await refusals.getByText(text, { exact: true }).first().waitFor();
  }
  await page.locator('button').evaluateAll((all) => {
    for (const button of all as HTMLElement[]) button.click();
  });
  const made = 'main img, main svg, main iframe, main b:has(*), script:not([src]), [onerror]';
  expect(await page.locator(made).count()).toBe(0);
  const links = await page
    .locator('main a')
    .evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  expect(links.filter((href) => !/^#[a-z-]+$/.test(href ?? ''))).toEqual([]);
  const sender = refusals.locator('bdi', { hasText: 'tpircs' }).first();
  expect(await sender.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe('isolate');
});

test('fits into 400 pixels, with every value named', async () => {
  fixture.status = eventfulStatus();
  await page.setViewportSize({ width: 400, height: 800 });
  await page.goto('/server');
  await page.getByRole('button', { name: 'Show all 50' }).click();
  await page.getByRole('button', { name: 'Show all 50' }).waitFor({ state: 'detached' });
  const tooWide = await page.locator('main, main *').evaluateAll((all) =>
    all
      .filter((element) => element.getBoundingClientRect().right > innerWidth)
      .filter((element) => !element.closest('thead'))
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  expect(tooWide).toEqual([]);
  const cell = region('Receiving').getByRole('cell').nth(4);
  const named = await cell.evaluate((element) => getComputedStyle(element, '::before').content);
  expect(named).toBe('"Spans accepted"');
  expect(await page.getByRole('link', { name: /^Server: / }).isVisible()).toBe(true);
});

test.each(['light', 'dark'] as const)('can be read in the %s scheme', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  const states = [healthyStatus(), eventfulStatus(), eventfulStatus()];
  const stopped = states[2];
  if (stopped) stopped.engine.state = 'stopped';
  const backgrounds = new Set<string>();
  for (const status of states) {
    fixture.status = status;
    await page.goto('/server');
    await heading().waitFor();
    for (const selector of [
      'main [role="status"]',
      'main [role="status"] ~ span bdi',
      'main .hint >> nth=0',
    ]) {
      expect(await contrast(selector), selector).toBeGreaterThanOrEqual(CONTRAST_MIN);
    }
    const headline = page.getByRole('status').locator('..');
    backgrounds.add(await headline.evaluate((it) => getComputedStyle(it).backgroundColor));
  }
  expect(backgrounds.size).toBe(3);
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe(
    'light dark',
  );
});
