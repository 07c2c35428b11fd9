/**
 * The web application in a real browser, against a server that answers with fixtures under the same
 * content security policy. Run it alone with `npx vitest run --project system test/ui.test.ts`; it
 * needs Chromium.
 */
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { healthyStatus } from '../packages/model/src/testing/status.ts';
import { launchBrowser, openPage, type WatchedPage } from './support/ui/browser.ts';
import { buildUi } from './support/ui/build.ts';
import { lossyCoverage, NO_MESSAGES } from './support/ui/coverage.ts';
import { HOSTILE_TEXTS, hostile } from './support/ui/hostile.ts';
import { KEYS, laterOrders, scenario } from './support/ui/scenario.ts';
import { type Fixture, serveFixture } from './support/ui/server.ts';

const fixture: Fixture = { lifecycles: [], status: healthyStatus(), coverage: NO_MESSAGES };
let dist: string;
let server: Awaited<ReturnType<typeof serveFixture>>;
let browser: Browser;
let watched: WatchedPage;
let page: Page;

function orderPath(key: string): string {
  const [user = '', ...order] = key.split('/');
  return `/orders/${encodeURIComponent(user)}/${encodeURIComponent(order.join('/'))}`;
}

function region(name: string) {
  return page.getByRole('region', { name, exact: true });
}

function details() {
  return page.getByRole('complementary', { name: 'Span details' });
}

/**
 * Some buttons take others away or lie below a dialog: presses what is there, as a script would.
 *
 * @returns how many there were
 */
function pressEveryButton(): Promise<number> {
  return page.evaluate(async () => {
    const buttons = document.getElementsByTagName('button');
    const count = buttons.length;
    for (let index = 0; index < count; index++) {
      buttons[index]?.click();
      // What it does may be drawn before the next one is pressed.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return count;
  });
}

describe('in a browser', () => {
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
    Object.assign(fixture, { lifecycles: scenario(), status: healthyStatus(), failure: undefined });
    watched = await openPage(browser, server.origin);
    page = watched.page;
  });

  afterEach(async () => {
    await page.context().close();
    expect(watched.complaints).toEqual([]);
  });

  describe('the list of orders', () => {
    test('is live: what arrives appears by itself', async () => {
      await page.goto('/');
      await page.getByRole('link', { name: KEYS.rejected }).waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      fixture.lifecycles = [...laterOrders(), ...scenario()];
      await page.getByRole('link', { name: 'u5008/ord-5008' }).waitFor();
    });

    test('pauses when it is read, says how much is new, and resumes', async () => {
      await page.goto('/');
      const table = page.getByRole('table', { name: 'Orders' });
      await table.getByRole('link').first().waitFor();
      await table.locator('..').evaluate((scroller) => scroller.scrollTo({ top: 500 }));
      await page.getByText('Paused').waitFor();
      fixture.lifecycles = [...laterOrders(), ...scenario()];
      await page.getByRole('button', { name: 'Resume · 8 new' }).click();
      await page.getByRole('link', { name: 'u5008/ord-5008' }).waitFor();
    });

    test('loads more rows while scrolling, and draws only those in view', async () => {
      await page.goto('/');
      const scroller = page.getByRole('table', { name: 'Orders' }).locator('..');
      const toTheEnd = () => scroller.evaluate((it) => it.scrollTo({ top: it.scrollHeight }));
      for (const loaded of [
        '100 of 347',
        '200 of 347',
        '300 of 347',
        '347 loaded, all there are',
      ]) {
        await page.getByText(loaded).waitFor();
        await toTheEnd();
      }
      await page.getByRole('link', { name: 'u1001/ord-1001' }).waitFor();
      expect(await page.getByRole('row').count()).toBeLessThan(80);
    });

    test('filters by text and status and sorts, and its address remembers', async () => {
      await page.goto('/');
      await page.getByRole('link', { name: KEYS.rejected }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('ethusdt');
      await page.getByRole('button', { name: 'open', exact: true }).click();
      await page.getByRole('button', { name: 'slowest' }).click();
      const remembered = { q: 'ethusdt', status: 'open', sort: 'duration' };
      await expect
        .poll(() => Object.fromEntries(new URL(page.url()).searchParams))
        .toEqual(remembered);
      await page.reload();
      const links = page.getByRole('table', { name: 'Orders' }).getByRole('link');
      await page.getByRole('link', { name: 'u11/ord-0011' }).waitFor();
      await expect.poll(() => links.count()).toBe(4);
      expect(await page.getByRole('searchbox').inputValue()).toBe('ethusdt');
      await page.keyboard.press('/');
      await page.keyboard.type('nonsense');
      await page.getByRole('button', { name: 'Clear filter' }).click();
      await page.getByRole('link', { name: 'desk-9/block-1' }).waitFor();
      await expect.poll(() => new URL(page.url()).search).toBe('?sort=duration');
    });

    test('is of one kind of lifecycles, and its address remembers of which', async () => {
      const [first] = scenario();
      if (!first) throw new Error('there is no order');
      const { quantities: _, ...rest } = first;
      const traceId = rest.spans[0]?.traceId ?? '';
      const attributes = { ...rest.attributes, 'strategy.name': 'ema_cross' };
      const tick = { ...rest, name: 'tick_to_trade', key: traceId, status: 'filled', attributes };
      fixture.lifecycles = [...scenario(), { ...tick, complete: true, siblings: [] }];
      await page.goto('/?q=nonsense');
      await page.getByRole('link', { name: 'Tick to trade' }).click();
      const table = page.getByRole('table', { name: 'Tick to trade' });
      await table.getByText('ema_cross').waitFor();
      await expect.poll(() => new URL(page.url()).search).toBe('?name=tick_to_trade');
      await page.getByRole('button', { name: 'expired' }).click();
      await page.getByText('No tick matches').waitFor();
      await page.getByRole('button', { name: 'Clear filter' }).click();
      await page.reload();
      await table.getByRole('link', { name: traceId }).click();
      await page.getByRole('heading', { name: traceId }).waitFor();
      await page.getByText('✓ The parts sum to the total exactly').waitFor();
      expect(await region('Allocations').count()).toBe(0);
      await page.getByRole('link', { name: 'Tick to trade' }).click();
      await table.getByText('ema_cross').waitFor();
      await page.getByRole('link', { name: 'Bot orders' }).click();
      await page.getByText('no bot order begins in them').waitFor();
      await page.getByText('--systems bot').waitFor();
    });

    test('can be walked with the keyboard', async () => {
      await page.goto('/');
      await page.getByRole('link', { name: KEYS.rejected }).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: KEYS.rejected }).waitFor();
    });

    test('that is empty says whether nothing came, or what became of it', async () => {
      fixture.lifecycles = [];
      const status = healthyStatus();
      const nothing = { requests: 0, spansAccepted: 0, rejected: {}, protocols: {}, refusals: [] };
      fixture.status = { ...status, ingest: nothing };
      await page.goto('/');
      await page.getByText('0 requests').waitFor();
      await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318').waitFor();
      const rejected = { TL_OTLP_MALFORMED: { requests: 12, spans: 0 } };
      fixture.status = { ...status, ingest: { ...nothing, requests: 12, rejected } };
      await page.reload();
      await page.getByText('TL_OTLP_MALFORMED: 12 requests').waitFor();
      fixture.status = status;
      await page.reload();
      await page.getByText('no order begins in them').waitFor();
    });

    test('keeps what it has when the server fails, and says that it is old', async () => {
      await page.goto('/');
      await page.getByRole('link', { name: KEYS.rejected }).waitFor();
      fixture.failure = { code: 'TL_ENGINE_UNAVAILABLE', message: 'The engine is restarting.' };
      await page.getByText('Not up to date: The engine is restarting.').waitFor();
      expect(await page.getByRole('link', { name: KEYS.rejected }).isVisible()).toBe(true);
      fixture.failure = undefined;
      await page.getByText('Not up to date').waitFor({ state: 'detached' });
    });
  });

  describe('an order', () => {
    test('shows where its time went, and that the parts sum to the total', async () => {
      await page.goto(orderPath(KEYS.usual));
      await page.getByText('✓ The parts sum to the total exactly').waitFor();
      const stage = page.getByRole('row', { name: /^exchange waiting for the exchange/ });
      await stage.getByText('57.1 %').waitFor();
      await region('Allocations').getByText('✓ conserved').waitFor();
      await region('Causes and effects').getByText('fill_matching').first().waitFor();
      await expect.poll(() => page.title()).toContain('32.77 ms');
    });

    test('links bar and timeline: pointing at a stage marks its segments', async () => {
      await page.goto(orderPath(KEYS.usual));
      await page.getByRole('row', { name: /^batch peers/ }).hover();
      const marked = region('Timeline').locator('[data-kind][data-current]');
      await expect.poll(() => marked.count()).toBe(1);
      expect(await marked.getAttribute('data-kind')).toBe('batch_peer');
    });

    test('tells of a span its attributes and its causes and effects, which lead on', async () => {
      await page.goto(orderPath(KEYS.usual));
      await region('Timeline')
        .getByRole('button', { name: 'Critical path: batching (work)' })
        .first()
        .click();
      const causes = details().getByRole('region', { name: 'Caused by' });
      await expect.poll(() => causes.getByRole('listitem').count()).toBe(8);
      expect(await causes.getByText('in another trace').count()).toBe(7);
      await causes.getByRole('button', { name: 'client_order_received' }).click();
      await details().getByRole('heading', { name: 'client_order_received' }).waitFor();
      const effects = details().getByRole('region', { name: 'Led to' });
      await effects.getByRole('button', { name: 'fill_matching' }).first().click();
      await details().getByText('allocation.method').waitFor();
      await page.reload();
      await details().getByRole('heading', { name: 'fill_matching' }).waitFor();
      await page.keyboard.press('Escape');
      await details().waitFor({ state: 'detached' });
    });

    test('walks through its spans with j and k, and hides its drawings with t and g', async () => {
      await page.goto(orderPath(KEYS.usual));
      await region('Timeline').waitFor();
      await page.keyboard.press('j');
      await details().getByRole('heading', { name: 'client_order_received' }).waitFor();
      await page.keyboard.press('j');
      await details().getByRole('heading', { name: 'order_manager_processing' }).waitFor();
      await page.keyboard.press('k');
      await details().getByRole('heading', { name: 'client_order_received' }).waitFor();
      await page.keyboard.press('t');
      await region('Timeline').waitFor({ state: 'detached' });
      await page.keyboard.press('t');
      await page.keyboard.press('g');
      await region('Causes and effects').waitFor({ state: 'detached' });
      await region('Timeline').waitFor();
    });

    test('zooms by dragging, by the wheel on the axis and by keys, and fits again', async () => {
      await page.goto(orderPath(KEYS.usual));
      const timeline = region('Timeline');
      const fit = timeline.getByRole('button', { name: 'Fit' });
      // The graph is there too: nothing moves any more.
      await region('Causes and effects').getByText('fill_matching').first().waitFor();
      const box = await timeline.boundingBox();
      if (!box) throw new Error('the timeline has no place');
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await page.mouse.move(at.x + 60, at.y, { steps: 4 });
      await page.mouse.up();
      await expect.poll(() => fit.isEnabled()).toBe(true);
      expect(await details().count()).toBe(0);
      await fit.click();
      await timeline.getByText('30 ms').waitFor();
      await page.mouse.move(at.x, box.y + 54);
      await page.mouse.wheel(0, -600);
      await timeline.getByText('30 ms').waitFor({ state: 'detached' });
      await page.keyboard.press('0');
      await timeline.getByText('30 ms').waitFor();
      await page.keyboard.press('+');
      await expect.poll(() => fit.isEnabled()).toBe(true);
    });

    test('leads to its siblings and from an allocation to its match', async () => {
      await page.goto(orderPath(KEYS.usual));
      await region('Allocations').getByRole('button', { name: 'F-160-1' }).click();
      await details().getByRole('heading', { name: 'fill_matching' }).waitFor();
      await region('Siblings').getByRole('link', { name: 'u5/ord-0005' }).click();
      await page.getByRole('heading', { name: 'u5/ord-0005' }).waitFor();
      await details().waitFor({ state: 'detached' });
    });

    test('selects spans in the graph, and takes a stack of equal ones apart', async () => {
      await page.goto(orderPath(KEYS.large));
      const graph = region('Causes and effects');
      await graph.getByText('order_batching').click();
      await details().getByRole('heading', { name: 'order_batching' }).waitFor();
      const stack = graph.locator('.react-flow__node', { hasText: /^exchange_order_send×5/ });
      const before = await graph.getByText('exchange_order_send').count();
      await stack.click();
      const sends = () => graph.getByText('exchange_order_send').count();
      await expect.poll(sends).toBe(before + 4);
      await graph.getByRole('button', { name: 'Stack equal spans again' }).click();
      await stack.waitFor();
    });

    test('says what is wrong: a gap, quantities that do not add up, no end yet', async () => {
      await page.goto(orderPath(KEYS.gap));
      await page.getByText('missing link target').waitFor();
      await page.getByRole('link', { name: 'show' }).click();
      await details().getByRole('heading', { name: 'exchange_fill_received' }).waitFor();
      await page.goto(orderPath(KEYS.broken));
      await page.getByText('✗ the quantities do not add up').waitFor();
      await page.goto(orderPath(KEYS.open));
      await page.getByText('No final status has arrived yet.').waitFor();
    });

    test('whose key holds markup and separators is shown as text', async () => {
      await page.goto(orderPath(KEYS.strange));
      await page.getByRole('heading', { name: KEYS.strange }).waitFor();
      expect(await page.locator('main b', { hasText: 'ö' }).count()).toBe(0);
      await page.goto('/?q=b%252F');
      await page.getByRole('link', { name: KEYS.strange }).click();
      await page.getByRole('heading', { name: KEYS.strange }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: KEYS.strange }).waitFor();
    });

    test('shows hostile attributes as text: only http addresses can be followed', async () => {
      await page.goto(orderPath(KEYS.rejected));
      await region('Timeline').waitFor();
      await page.keyboard.press('j');
      await details().getByText('<img src=x onerror=alert(1)>').waitFor();
      expect(await details().getByRole('link', { name: 'https://example.com/rules' }).count()).toBe(
        1,
      );
      expect(await page.locator('[href^="javascript"]').count()).toBe(0);
      expect(await details().locator('img').count()).toBe(0);
    });

    test('whose every text is hostile runs nothing, on no page and at no button', async () => {
      const sent = scenario().filter(({ key }) => key === KEYS.usual || key === KEYS.rejected);
      fixture.lifecycles = sent.map(hostile);
      const traceId = fixture.lifecycles[0]?.spans[0]?.traceId ?? '';
      for (const path of ['/', orderPath(KEYS.usual), `/traces/${traceId}`]) {
        await page.goto(path);
        await page.locator('main button').first().waitFor();
        await page.keyboard.press('j');
        await pressEveryButton();
        expect(await page.locator('img[src="x"], script:not([src]), svg[onload]').count()).toBe(0);
        expect(await page.locator('[href^="javascript" i], [onerror]').count()).toBe(0);
      }
      await page.goto(orderPath(KEYS.usual));
      await page
        .getByText(HOSTILE_TEXTS[0] ?? '')
        .first()
        .waitFor();
    });

    test('that is not in the store says what may have become of it', async () => {
      await page.goto('/orders/nobody/nothing');
      await page.getByText('There is no order nobody/nothing.').waitFor();
      await page.getByText('--retention').waitFor();
    });
  });

  describe('the coverage', () => {
    test('says what to do about a hop that loses contexts, and leads to one that was lost', async () => {
      const traceId = scenario()[0]?.spans[0]?.traceId ?? '';
      fixture.coverage = lossyCoverage(traceId);
      await page.goto('/');
      await page.getByRole('link', { name: 'Coverage' }).click();
      const rows = page.getByRole('table', { name: 'Hops' }).getByRole('row');
      const [worst, other] = [rows.nth(1), rows.nth(2)];
      await other.waitFor();
      expect(await worst.innerText()).toContain('socket-client → market.data → data-manager');
      expect(await worst.innerText()).toContain('100 messages came without context');
      expect(await worst.innerText()).toContain('90.0 %');
      expect(await other.innerText()).toContain('100 %');
      await worst.getByRole('link', { name: 'trace' }).click();
      await expect.poll(() => new URL(page.url()).pathname).toBe(`/traces/${traceId}`);
    });

    test('of no messages says what would be one', async () => {
      fixture.coverage = NO_MESSAGES;
      await page.goto('/coverage');
      await page.getByRole('heading', { name: 'No messages in 15 min' }).waitFor();
    });
  });

  describe('a trace', () => {
    test('is a tree that folds, with links both ways and the order that begins in it', async () => {
      await page.goto(orderPath(KEYS.usual));
      await region('Timeline').waitFor();
      await page.keyboard.press('j');
      await details().getByRole('link', { name: 'Open trace' }).click();
      const waterfall = region('Waterfall');
      await waterfall.getByRole('button', { name: 'Fold client_order_received' }).click();
      await expect.poll(() => waterfall.getByRole('listitem').count()).toBe(1);
      await waterfall.getByRole('button', { name: 'Unfold client_order_received' }).click();
      await expect.poll(() => waterfall.getByRole('listitem').count()).toBe(2);
      const effects = details().getByRole('region', { name: 'Led to' });
      await effects.getByRole('link', { name: 'order_batching' }).click();
      await details().getByRole('heading', { name: 'order_batching' }).waitFor();
      await page.goBack();
      await page.getByRole('link', { name: KEYS.usual }).click();
      await page.getByRole('heading', { name: KEYS.usual }).waitFor();
    });

    test('jumps to its errors with e', async () => {
      await page.goto(orderPath(KEYS.rejected));
      await region('Timeline').waitFor();
      await page.keyboard.press('j');
      await details().getByRole('link', { name: 'Open trace' }).click();
      await page.getByRole('button', { name: '1 error' }).waitFor();
      await page.keyboard.press('e');
      await details().getByRole('heading', { name: 'order_manager_processing' }).waitFor();
      await details().getByText('Error: price is not a multiple').waitFor();
      await details().getByText('OrderRejected').waitFor();
    });

    test('that is not in the store says so', async () => {
      await page.goto(`/traces/${'ab'.repeat(16)}`);
      await page.getByText('There is no trace').waitFor();
    });
  });

  test('the paste box takes an order, a trace id and anything else', async () => {
    await page.goto('/');
    const box = page.getByRole('textbox', { name: 'Go to' });
    await box.fill(` ${KEYS.usual} `);
    await box.press('Enter');
    await page.getByRole('heading', { name: KEYS.usual }).waitFor();
    const traceId = fixture.lifecycles[0]?.spans[0]?.traceId ?? '';
    await box.fill(traceId.toUpperCase());
    await box.press('Enter');
    await page.getByRole('heading', { name: traceId }).waitFor();
    await box.fill('ord-0077');
    await box.press('Enter');
    await page.getByRole('link', { name: KEYS.rejected }).waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe('?q=ord-0077');
  });

  test('the colour scheme follows the system until one is chosen, and is kept', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto('/');
    const background = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await expect.poll(background).not.toBe(dark);
    await page.reload();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await expect.poll(background).toBe(dark);
  });

  test('the sheet of shortcuts opens with ? and closes with Esc', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: KEYS.rejected }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('copying an order gives its JSON as the API defines it', async () => {
    await page.goto(orderPath(KEYS.usual));
    await page.getByRole('button', { name: 'Copy JSON' }).click();
    await page.getByRole('button', { name: '✓ Copied' }).waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    expect(copied).toMatchObject({ key: KEYS.usual, durationNs: '32771000' });
  });

  test('an address that leads nowhere says so', async () => {
    await page.goto('/nowhere/at/all');
    await page.getByText('The address leads nowhere.').waitFor();
  });

  test.each([
    ['the list', '/'],
    ['an order', orderPath(KEYS.usual)],
    ['a rejected order', orderPath(KEYS.rejected)],
    ['an open order', orderPath(KEYS.open)],
  ])('every button of %s can be pressed', async (_, path) => {
    await page.goto(path);
    await page.locator('main button').first().waitFor();
    await expect.poll(() => page.locator('button').count()).toBeGreaterThan(8);
    await page.waitForLoadState('networkidle');
    await pressEveryButton();
    await page.locator('main').waitFor();
  });
});
