// SPDX-License-Identifier: Apache-2.0
// What people come for, against the lab: a filter, from the map to the flows, a scan that
// appears as an alert while one looks, the place where a flow lost packets.
//
// environment: NETPROBE_AGENT, NETPROBE_SERVER, NETPROBE_LAB_NAME
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, it } from 'node:test';
import { ask, eventually, launch, picture, workInTab } from './browser.mjs';

const { NETPROBE_AGENT: agent, NETPROBE_SERVER: server, NETPROBE_LAB_NAME: lab } = process.env;
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const inTab = (...what) => workInTab(browser, ...what);

/** Runs in a pod's network namespace, for `seconds` at most. */
function inPod(pod, seconds, ...command) {
  const where = `/run/netns/np-${lab}-${pod}`;
  const child = spawn('timeout', [String(seconds), 'nsenter', `--net=${where}`, '--', ...command]);
  return new Promise((resolve) => child.on('close', resolve));
}

/** The cells of a column of the flows' table, at one moment. */
function cellsOf(page, name) {
  return page.getByTestId('flows-table').evaluate((table, wanted) => {
    const texts = (row, role) =>
      [...row.querySelectorAll(`[role=${role}]`)].map((cell) => cell.textContent.trim());
    const [head, ...rows] = table.querySelectorAll('[role=row]');
    const at = texts(head, 'columnheader').findIndex((one) => one.toLowerCase().startsWith(wanted));
    if (at < 0) throw new Error(`no column ${wanted} in ${head.textContent}`);
    return rows.map((row) => texts(row, 'gridcell')[at]);
  }, name);
}

/** As people do: the field becomes an editor when it is entered. */
async function runQuery(page, text) {
  await page.getByTestId('query-input').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

for (const [kind, base] of [
  ['agent', agent],
  ['server', server],
]) {
  it(`${kind}: a filter holds`, () =>
    inTab(base, async ({ page, open }) => {
      await open('flows', { since: '15m' });
      await eventually('rows of all kinds', async () => (await cellsOf(page, 'proto')).length > 0);
      await runQuery(page, 'protocol=icmp');
      await page.waitForURL(/protocol%3Dicmp/);
      await eventually(
        'rows of that protocol alone',
        async () => [...new Set(await cellsOf(page, 'proto'))].join() === 'icmp',
      );
    }));

  it(`${kind}: a wrong query is told at its place, and the page goes on`, () =>
    inTab(base, async ({ page, open }) => {
      await open('flows', { since: '15m' });
      await runQuery(page, 'scr.ip=10.0.0.1');
      const said = page.getByTestId('query-problem');
      await said.waitFor();
      assert.match(await said.innerText(), /src\.ip/);
      await runQuery(page, 'protocol=tcp');
      await eventually('it is forgotten', async () => (await said.count()) === 0);
      await eventually(
        'rows of that protocol alone',
        async () => [...new Set(await cellsOf(page, 'proto'))].join() === 'tcp',
      );
    }));
}

it('from the map to the flows', () =>
  inTab(server, async ({ page, open }) => {
    await open('map', { since: '15m' });
    const node = page.getByTestId('map-node').first();
    await node.waitFor({ timeout: 30_000 });
    await node.focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('map-side').waitFor();
    await page.getByTestId('map-to-flows').first().click();
    await page.waitForURL(/#\/flows\?/);
    assert.ok(await page.getByTestId('query-input').inputValue());
    await eventually('flows', async () =>
      page.getByTestId('flows-table').getByRole('row').nth(1).isVisible(),
    );
  }));

it('a real scan appears as an alert while one looks', () =>
  inTab(server, async ({ page, open }) => {
    await open('security', { state: 'active' });
    await page.waitForTimeout(2000);
    const alert = page.locator('[data-testid=alert][data-kind=port_scan]');
    assert.equal(await alert.count(), 0, 'somebody has scanned before');
    const scan = inPod('pod1-2', 60, 'nmap', '-n', '-Pn', '-sS', '-p1-500', '10.244.2.2');
    await alert.first().waitFor({ timeout: 60_000 });
    assert.ok(
      Number(await page.getByTestId('alert-count').locator('[aria-hidden]').innerText()) > 0,
    );
    await picture(page, 'alert-light');
    await scan;
  }));

it('a policy is advised', () =>
  inTab(server, async ({ page, open }) => {
    await open('security', { part: 'policies' });
    const form = page.getByTestId('advise-form');
    await form.locator('input').first().fill('default');
    await form.getByRole('button').click();
    await eventually('its YAML', async () =>
      (await page.locator('main').innerText()).includes('kind: NetworkPolicy'),
    );
  }));

it('the loss of a hop is on the path', () =>
  inTab(agent, async ({ page, open }) => {
    // The tunnel of IPv6 takes 1,430 bytes: what is larger is dropped before it.
    const asks = () =>
      inPod(
        'pod3-2',
        20,
        'curl',
        '-gsS',
        '-m',
        '10',
        '-o',
        '/dev/null',
        'http://[fd10:244:1::2]/64k',
      );
    const loss = await eventually(
      'a loss before the tunnel',
      async () => {
        await asks();
        const { losses } = await ask(agent, '/api/losses?limit=100');
        return losses.find((one) => one.to.role === 'tunnel' && one.packets > 0);
      },
      60_000,
    );
    const { protocol, src_ip, src_port, dst_ip, dst_port } = loss.flow;
    await open('path', { protocol, src_ip, src_port, dst_ip, dst_port });
    const told = page.getByTestId('path-loss').first();
    await told.waitFor({ timeout: 30_000 });
    assert.match(await told.innerText(), /\d/);
    await eventually('why', async () =>
      (await page.locator('main').innerText()).includes('PKT_TOO_BIG'),
    );
    await picture(page, 'path-loss-light');
  }));

it('the first load is small, and quick', () =>
  inTab(server, async ({ page, open }) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    let scripts = 0;
    const kinds = new Map();
    session.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type));
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (/Document|Script|Stylesheet|Image|Font/.test(kinds.get(requestId) ?? ''))
        scripts += encodedDataLength;
    });
    const from = Date.now();
    await open('overview');
    await page.getByTestId('tile-in').or(page.locator('main section')).first().waitFor();
    const interactive = Date.now() - from;
    await page.waitForTimeout(3000);
    console.log(`# first load: ${scripts} bytes, a panel to use after ${interactive} ms`);
    assert.ok(scripts <= 150 * 1024, `${scripts} bytes`);
  }));
