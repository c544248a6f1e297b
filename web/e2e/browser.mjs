// SPDX-License-Identifier: Apache-2.0
// What end-to-end tests share: a real Chromium, a page that tells what went wrong in it, and
// waiting for what shall be.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const viewNames = [
  'overview',
  'map',
  'flows',
  'path',
  'tunnels',
  'quality',
  'security',
  'status',
];

/** Debian's, or the one that NETPROBE_CHROMIUM names. */
export function chromiumPath() {
  const path = process.env.NETPROBE_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(path))
    throw new Error(`there is no Chromium at ${path}; name one with NETPROBE_CHROMIUM`);
  return path;
}

export function launch() {
  return chromium.launch({
    executablePath: chromiumPath(),
    // Tests run as root, and in small containers /dev/shm is smaller than a page.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
  });
}

/**
 * A page in a context of its own. `troubles` has what no view may cause: exceptions, errors
 * in the console, violations of the policy, requests to other hosts.
 */
export async function newPage(browser, base, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    locale: 'en-GB',
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // Chromium says itself that an answer was no 200; views are asked whether they show it.
    if (message.text().startsWith('Failed to load resource')) return;
    troubles.push(`console: ${message.text()}`);
  });
  const origin = new URL(base).origin;
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin)
      troubles.push(`request to another host: ${request.url()}`);
  });
  await page.addInitScript(() => {
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      window.__violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`),
    );
  });
  return {
    page,
    open: (view, params = {}) => {
      const search = new URLSearchParams(params).toString();
      return page.goto(`${base}/#/${view}${search ? `?${search}` : ''}`);
    },
    troubles: async () => [
      ...troubles,
      ...(await page.evaluate(() => window.__violations)).map((one) => `policy: ${one}`),
    ],
    close: () => context.close(),
  };
}

/** Works with a page, in which nothing may go wrong. */
export async function workInTab(browser, base, work, options) {
  const tab = await newPage(browser, base, options);
  try {
    await work(tab);
    assert.deepEqual(await tab.troubles(), []);
  } finally {
    await tab.close();
  }
}

/** Until `condition` gives something true; throws with what it gave last. */
export async function eventually(what, condition, patienceMs = 30_000) {
  const end = Date.now() + patienceMs;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${patienceMs / 1000} s (${last})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Serious findings of axe-core, one sentence each. Its script comes in beside the policy. */
export async function seriousFindings(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map(
        (one) =>
          `${one.id} (${one.impact}): ${one.nodes
            .map((node) => node.target.join(' '))
            .slice(0, 5)
            .join(', ')}`,
      );
  });
}

/** A picture in NETPROBE_PICTURES, where that is set. */
export async function picture(page, name) {
  const folder = process.env.NETPROBE_PICTURES;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

export async function ask(base, path) {
  const response = await fetch(base + path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
