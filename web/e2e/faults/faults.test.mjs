// SPDX-License-Identifier: Apache-2.0
// An API that fails, falls silent, lies and breaks off, and names made to hurt: every view
// stays usable, says what is wrong, and goes on when it is over.
//
// environment: NETPROBE_DIST  the built page
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startFakeApi } from '../../tests/fake_api.mjs';
import { eventually, launch, viewNames, workInTab } from '../browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const inTab = (...what) => workInTab(browser, ...what);

for (const server of [false, true]) {
  describe(server ? 'a server' : 'an agent', () => {
    let api;
    let base;
    const fault = (faults) =>
      fetch(`${base}/fake/faults`, { method: 'PUT', body: JSON.stringify(faults) });
    before(async () => {
      api = await startFakeApi({
        dist: process.env.NETPROBE_DIST,
        server,
        hostile: true,
        stepMs: 500,
      });
      base = api.url;
    });
    after(() => api?.close());
    beforeEach(() => fault({}));

    it('names are text, whatever they are', () =>
      inTab(base, async ({ page, open }) => {
        await page.addInitScript(() => {
          window.alert = () => (window.__hurt = true);
        });
        for (const view of viewNames) {
          await open(view);
          await page.waitForTimeout(1500);
          assert.equal(await page.evaluate(() => window.__hurt), undefined, view);
          assert.equal(await page.locator('main script, main img[onerror]').count(), 0, view);
        }
      }));

    for (const [what, faults] of [
      ['answers 500', { status: 500 }],
      ['answers what is no JSON', { garbage: true }],
      ['has lost, cut and left out', { truncated: true, lost: 12, left_out: 30, missing_nodes: 1 }],
    ])
      it(`${what}: every view stands, says so, and comes back`, () =>
        inTab(base, async ({ page, open }) => {
          for (const view of viewNames) {
            await fault({});
            await open(view);
            await page.locator('main section').first().waitFor();
            await fault({ ...faults, path: '/api/' });
            await page.reload();
            // The program itself is not recognised, a part failed, or a part is not whole.
            await eventually(`${view} says so`, async () => {
              const said = page.locator(
                '[role=alert], .lacks, .chip.bad, [data-stream=broken], [data-stream=refused]',
              );
              return (await said.count()) > 0;
            });
            assert.equal(await page.getByRole('navigation').isVisible(), true, view);
            await fault({});
            await eventually(`${view} comes back`, async () => {
              const again = page.locator('main [role=alert] button').first();
              if (await again.isVisible()) await again.click({ timeout: 1000 }).catch(() => {});
              return (await page.locator('main [role=alert]').count()) === 0;
            });
          }
        }));

    it('a stream that breaks is told, and comes back by itself', () =>
      inTab(base, async ({ page, open }) => {
        await open('overview');
        await page.locator('[data-stream=live]').first().waitFor();
        await fault({ break_streams: true });
        await page.locator('[data-stream=broken]').first().waitFor();
        await fault({});
        await page.locator('[data-stream=live]').first().waitFor({ timeout: 30_000 });
      }));

    it('a clock that is off is told', () =>
      inTab(base, async ({ page, open }) => {
        await fault({ clock_ms: 3_600_000 });
        await open('overview');
        await eventually('the clocks differ', async () =>
          /clocks .* differ by (59 min|1 h)/.test(await page.locator('main').innerText()),
        );
      }));

    it('no answer at all is told, and does not last', () =>
      inTab(base, async ({ page, open }) => {
        await fault({ silent: true, path: '/api/' });
        await open('overview');
        await page.locator('main [role=alert]').first().waitFor({ timeout: 30_000 });
        await fault({});
        await eventually(
          'it comes back',
          async () => (await page.locator('main [role=alert]').count()) === 0,
        );
      }));

    it('a hidden tab holds no stream', () =>
      inTab(base, async ({ page, open }) => {
        await open('overview');
        await page.locator('[data-stream=live]').first().waitFor();
        await page.evaluate(() => {
          Object.defineProperty(document, 'hidden', { value: true, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        });
        await eventually('no stream', async () => {
          const { streams } = await (await fetch(`${base}/fake/seen`)).json();
          return streams === 0;
        });
      }));
  });
}
