// SPDX-License-Identifier: Apache-2.0
// The map with clusters that are hard to have in a lab: many, hostile, without names; and what
// it does when the API fails.
//
// environment: NETPROBE_DIST  the built page
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startFakeApi } from '../../tests/fake_api.mjs';
import { eventually, launch, seriousFindings, workInTab } from '../browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());
const id = (name) => `[data-testid=${name}]`;

async function inMap(options, params, work, view = {}) {
  const api = await startFakeApi({ dist: process.env.NETPROBE_DIST, stepMs: 500, ...options });
  const inTab = async ({ page, open }) => {
    await open('map', params);
    await work(page, api);
  };
  await workInTab(browser, api.url, inTab, view).finally(() => api.close());
}

const focused = (page) => page.evaluate(() => document.activeElement.dataset.node);

const places = (page) =>
  page.$$eval(id('map-node'), (nodes) =>
    Object.fromEntries(nodes.map((node) => [node.dataset.node, node.getAttribute('transform')])),
  );
const noSeriousFinding = async (page) => assert.deepEqual(await seriousFindings(page), []);

it('an update moves nobody, and one stream is enough', async () => {
  await inMap({ workloads: 40, edges: 120 }, {}, async (page, api) => {
    await page.waitForSelector(id('map-node'));
    await page.waitForTimeout(2500);
    const before = await places(page);
    const at = await page.$eval(id('map-graph'), (svg) => svg.style.transform);
    await page.waitForTimeout(4000);
    const after = await places(page);
    let same = 0;
    for (const [node, place] of Object.entries(before))
      if (node in after) {
        assert.equal(after[node], place, `${node} moved`);
        same += 1;
      }
    assert.ok(same > 30, `${same} nodes are still there`);
    assert.equal(await page.$eval(id('map-graph'), (svg) => svg.style.transform), at);
    const { streams } = await (await fetch(`${api.url}/fake/seen`)).json();
    assert.equal(streams, 2, 'one of the map, one of alerts');
  });
});

it('hostile names are text', async () => {
  await inMap(
    { workloads: 12, edges: 40, hostile: true },
    { by: 'workload' },
    async (page, api) => {
      await page.waitForSelector(id('map-node'));
      await page
        .locator(id('map-node'))
        .filter({ hasText: '<script>alert(1)</script>' })
        .first()
        .click();
      await page.waitForFunction(() =>
        document
          .querySelector('[data-testid=map-side]')
          ?.textContent.includes('<script>alert(1)</script>'),
      );
      assert.equal(await page.$$eval('main script, main img', (all) => all.length), 0);
      const link = decodeURIComponent(
        (await page.getAttribute(id('map-to-flows'), 'href')).replaceAll('+', ' '),
      );
      assert.match(link, /src\.workload="<script>alert\(1\)<\/script>"/);
      assert.equal(await page.$eval('html', (html) => html.scrollWidth > html.clientWidth), false);
      await noSeriousFinding(page);
    },
  );
});

it('by keyboard: node, its flows, expand, and back', async () => {
  await inMap({ workloads: 120, edges: 500 }, {}, async (page, api) => {
    await page.waitForSelector(id('map-node'));
    assert.equal(await page.$eval(id('map-level'), (one) => one.value), 'namespace');
    await page.waitForTimeout(1500);
    await page.focus(`${id('map-node')}[tabindex="0"]`);
    const visited = new Set([await focused(page)]);
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowRight']) {
      await page.keyboard.press(key);
      visited.add(await focused(page));
    }
    assert.ok(visited.size > 1 && !visited.has(undefined), `arrow keys move: ${[...visited]}`);
    await page.keyboard.press('Enter');
    await page.waitForSelector(id('map-to-flows'));
    assert.match(await page.getAttribute(id('map-to-flows'), 'href'), /^#\/flows\?q=.+&since=/);
    await page.focus(`${id('map-node')}[data-node^="ns:"]`);
    const group = await focused(page);
    await page.keyboard.press('e');
    await page.waitForSelector(`${id('map-node')}[data-node^="wl:"]`);
    assert.equal(
      await page.$$eval(
        id('map-node'),
        (all, one) => all.filter((node) => node.dataset.node === one).length,
        group,
      ),
      0,
    );
    await page.click(id('map-collapse'));
    await page.waitForFunction(
      (one) =>
        [...document.querySelectorAll('[data-testid=map-node]')].some(
          (node) => node.dataset.node === one,
        ),
      group,
    );
  });
});

it('who is focused stays so while others overtake it', async () => {
  await inMap({ workloads: 300, edges: 900, stepMs: 100 }, { by: 'workload' }, async (page) => {
    await page.waitForSelector(id('map-node'));
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const nodes = await page.$$eval(id('map-node'), (all) => all.map((one) => one.dataset.node));
      const chosen = nodes[Math.floor(nodes.length * share)];
      await page.focus(`${id('map-node')}[data-node="${chosen}"]`);
      await page.waitForTimeout(1000);
      assert.equal(await focused(page), chosen);
    }
  });
});

it('a filter goes into the query; a wrong one is told where', async () => {
  await inMap({ workloads: 30, edges: 100 }, {}, async (page, api) => {
    const streams = [];
    page.on(
      'request',
      (request) =>
        request.url().includes('/api/stream') &&
        streams.push(new URL(request.url()).searchParams.get('q')),
    );
    await page.waitForSelector(id('map-node'));
    await page.fill(id('map-filter'), 'scr.ip=1');
    await page.click(id('map-filter-apply'));
    await page.waitForFunction(() =>
      document.querySelector('[data-testid=map-filter-error]').textContent.includes('1'),
    );
    await page.fill(id('map-filter'), 'src.namespace="team-01"');
    await page.click(id('map-filter-apply'));
    await page.waitForSelector(id('map-filter-chip'));
    await eventually('the stream has the filter', () =>
      /\(src\.namespace="team-01"\) \| sum /.test(streams.at(-1)),
    );
    await page.waitForFunction(() =>
      [...document.querySelectorAll('[data-testid=map-table] tbody tr')].every((row) =>
        row.cells[0].textContent.includes('team-01'),
      ),
    );
    await page.fill(id('map-filter'), 'src.namespace=nobody');
    await page.click(id('map-filter-apply'));
    await page.getByText('No traffic matches the filter').waitFor();
  });
});

it('time travel, and back', async () => {
  await inMap({ workloads: 30, edges: 100 }, {}, async (page, api) => {
    await page.waitForSelector(id('map-node'));
    await page.waitForTimeout(1000);
    await page.focus(id('map-slider'));
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => location.hash.includes('at='));
    await page.waitForFunction(() =>
      /\d\d:\d\d:\d\d – \d\d:\d\d:\d\d/.test(
        document.querySelector('[data-testid=map-sums]').textContent,
      ),
    );
    await page.click(id('map-live'));
    await page.waitForSelector('[data-stream=live]');
    assert.ok(!(await page.evaluate(() => location.hash)).includes('at='));
  });
});

it('errors are told, and are over by themselves', async () => {
  await inMap(
    { workloads: 30, edges: 100, fault: { status: 500, path: '/api/query' } },
    { by: 'workload' },
    async (page, api) => {
      await page.getByText('The program could not answer').first().waitFor();
      // The stream has all there is meanwhile.
      await page.waitForSelector(id('map-node'));
      api.setFaults({ break_streams: true });
      await page.waitForSelector('[data-stream=broken]');
      assert.ok((await page.$$(id('map-node'))).length > 0, 'what was known stays');
      api.setFaults({ clock_ms: 3600e3, left_out: 30, lost: 12 });
      await page.waitForSelector('[data-stream=live]', { timeout: 20_000 });
      await page.getByText('30 records are in no group').waitFor({ timeout: 20_000 });
      await page.getByText('12 events were lost').first().waitFor();
      await page.getByText('clocks of this browser').waitFor({ timeout: 20_000 });
      await page.waitForFunction(
        () => !document.body.textContent.includes('The program could not answer'),
        undefined,
        { timeout: 30_000 },
      );
    },
  );
});

it('what is not drawn is told; all is drawn for who insists', async () => {
  await inMap({ workloads: 500, edges: 5000 }, { by: 'workload' }, async (page, api) => {
    await page.waitForSelector(id('map-hidden'));
    await page.waitForSelector(id('map-node'), { timeout: 20_000 });
    assert.ok((await page.$$(id('map-node'))).length <= 200);
    assert.ok((await page.$$('[data-edge]')).length <= 400);
    await noSeriousFinding(page);
    await page.click(id('map-draw-all'));
    await page.waitForSelector(id('map-canvas'));
    assert.equal(await page.$(id('map-hidden')), null);
    await page.click(id('map-tab-nodes'));
    assert.ok((await page.$$(`${id('map-table')} tbody tr`)).length >= 50);
    await noSeriousFinding(page);
  });
});

it('a phone, in Chinese, in the dark', async () => {
  const view = { viewport: { width: 360, height: 800 }, locale: 'zh-CN', colorScheme: 'dark' };
  await inMap(
    { workloads: 30, edges: 100, hostile: true, names: true },
    {},
    async (page, api) => {
      await page.waitForSelector(id('map-node'));
      await page.click(id('map-tab-matrix'));
      await page.waitForSelector(id('map-matrix'));
      assert.equal(await page.$eval('html', (html) => html.scrollWidth > html.clientWidth), false);
      await noSeriousFinding(page);
    },
    view,
  );
});

it('without names it begins at addresses', async () => {
  await inMap({ workloads: 10, edges: 30, names: false }, {}, async (page, api) => {
    await page.waitForSelector(id('map-node'));
    assert.equal(await page.$eval(id('map-level'), (one) => one.value), 'address');
  });
});
