// SPDX-License-Identifier: Apache-2.0
// How many frames a second the map has while it is moved and updated, and what memory it takes.
//   node tests/map_frames.mjs [--workloads=500] [--edges=5000] [--step-ms=1000] [--seconds=20]
//        [--hash='#/map?by=workload&all=1']
// Of the built page in dist, in a real Chromium, with the API that is made up.
import { chromium } from 'playwright-core';
import { startFakeApi } from './fake_api.mjs';

const flags = Object.fromEntries(
  process.argv.slice(2).map((text) => /^--([^=]+)=(.*)$/s.exec(text)?.slice(1) ?? [text, '']),
);
const number = (name, usual) => Number(flags[name] ?? usual);
const seconds = number('seconds', 20);
const api = await startFakeApi({
  workloads: number('workloads', 500),
  edges: number('edges', 5000),
  stepMs: number('step-ms', 1000),
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return +(usedSize / 2 ** 20).toFixed(1);
  };
  const opened = Date.now();
  await page.goto(`${api.url}/${flags.hash ?? '#/map?by=workload&all=1'}`);
  const drawing = page.locator('[data-testid=map-canvas], [data-testid=map-graph]');
  await drawing.waitFor();
  const drawn = Date.now() - opened;
  await page.waitForTimeout(4000);
  const before = await heap();
  const result = await drawing.evaluate((element, ms) => {
    const box = element.getBoundingClientRect();
    const at = (type, x, y) =>
      element.dispatchEvent(
        new PointerEvent(type, {
          pointerId: 1,
          bubbles: true,
          clientX: box.left + x,
          clientY: box.top + y,
        }),
      );
    // There is no such pointer.
    Element.prototype.setPointerCapture = () => {};
    return new Promise((resolve) => {
      const times = [];
      const begin = performance.now();
      at('pointerdown', 400, 300);
      // Each frame moves it: each frame is drawn anew.
      const frame = (now) => {
        times.push(now);
        const turn = (now - begin) / 700;
        at('pointermove', 400 + 120 * Math.sin(turn), 300 + 80 * Math.cos(turn));
        if (now - begin < ms) requestAnimationFrame(frame);
        else {
          at('pointerup', 400, 300);
          const gaps = times.slice(1).map((time, index) => time - times[index]);
          gaps.sort((a, b) => a - b);
          const part = (share) => +gaps[Math.floor(gaps.length * share)].toFixed(1);
          resolve({
            frames_per_second: +((1000 * gaps.length) / (times.at(-1) - times[0])).toFixed(1),
            p50_ms: part(0.5),
            p95_ms: part(0.95),
            p99_ms: part(0.99),
            longest_ms: +gaps.at(-1).toFixed(1),
          });
        }
      };
      requestAnimationFrame(frame);
    });
  }, seconds * 1000);
  const updates = await page.evaluate(() =>
    document.querySelector('[data-testid=map-sums]')?.textContent.trim(),
  );
  console.log(
    JSON.stringify({
      first_drawn_ms: drawn,
      ...result,
      heap_mib: [before, await heap()],
      shows: updates,
    }),
  );
} finally {
  await browser.close();
  api.close();
}
