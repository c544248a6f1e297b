// SPDX-License-Identifier: Apache-2.0
// Each view against the agent of a node and the cluster's server, with real traffic: opens,
// shows data, has no trouble, reads well to a screen reader, in both themes and languages.
//
// environment: NETPROBE_AGENT, NETPROBE_SERVER  their addresses
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually, launch, newPage, picture, seriousFindings, viewNames } from './browser.mjs';

const sources = [
  ['agent', process.env.NETPROBE_AGENT],
  ['server', process.env.NETPROBE_SERVER],
].filter(([, base]) => base);

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Nothing is on its way any more, and no panel has failed. */
async function settled(page) {
  await eventually(
    'the view has its data',
    () =>
      page.evaluate(() => {
        const main = document.querySelector('main[data-view]');
        return (
          main?.querySelector('section, [role=region], table, svg, canvas') &&
          !main.querySelector('[aria-busy=true]')
        );
      }),
    30_000,
  );
}

for (const [kind, base] of sources) {
  for (const colorScheme of ['light', 'dark']) {
    describe(`${kind}, ${colorScheme}`, () => {
      for (const view of viewNames) {
        it(view, async () => {
          const tab = await newPage(browser, base, { colorScheme });
          try {
            await tab.open(view);
            await settled(tab.page);
            await tab.page.waitForTimeout(2500); // a live window or two
            const failed = await tab.page.locator('main [role=alert]').allTextContents();
            assert.deepEqual(failed, [], 'a part of the view failed');
            if (kind === 'server') await picture(tab.page, `${view}-${colorScheme}`);
            assert.deepEqual(await seriousFindings(tab.page), []);
            assert.deepEqual(await tab.troubles(), []);
          } finally {
            await tab.close();
          }
        });
      }
    });
  }

  it(`${kind}: a phone's width scrolls nothing sideways, in Chinese`, async () => {
    const tab = await newPage(browser, base, {
      viewport: { width: 360, height: 740 },
      locale: 'zh-CN',
    });
    try {
      for (const view of viewNames) {
        await tab.open(view);
        await settled(tab.page);
        const wide = await tab.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(wide, 0, `${view} is ${wide} px wider than the screen`);
        assert.match(
          await tab.page.locator('nav [aria-current=page]').innerText(),
          /[\u4e00-\u9fff]/,
        );
      }
      assert.deepEqual(await tab.troubles(), []);
    } finally {
      await tab.close();
    }
  });
}
