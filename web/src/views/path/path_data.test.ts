// SPDX-License-Identifier: Apache-2.0
import { expect, it, vi } from 'vitest';

vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => {} });
vi.stubGlobal('document', { hidden: false, baseURI: 'http://127.0.0.1/' });
const { PathData } = await import('./path_data.svelte');

const tuple = { protocol: 'tcp', src_ip: 'a', src_port: 9, dst_ip: 'b', dst_port: 80 };
const answers: Record<string, unknown> = {
  '/api/flows': { flows: [{ ...tuple, id: 1, ended: false, observations: [] }] },
  '/api/losses': { losses: [] },
  '/api/drops': { drops: [] },
  '/api/connections': { connections: [] },
};

async function dataWhere(...failing: string[]) {
  vi.stubGlobal('fetch', (url: string) => {
    const { pathname } = new URL(url);
    return Promise.resolve(
      failing.includes(pathname)
        ? new Response('{"detail":"no"}', { status: 500 })
        : new Response(JSON.stringify(answers[pathname])),
    );
  });
  const data = new PathData({ tuple, id: undefined, node: undefined });
  await vi.waitFor(() => expect(data.loading).toBe(false));
  data.close();
  return data;
}

it('knows that nothing was lost where all answered', async () => {
  const data = await dataWhere();
  expect([data.lossesKnown, data.losses, data.drops, data.connections]).toEqual([true, [], [], []]);
  expect([data.problem, data.lossProblem, data.dropProblem, data.socketProblem]).toEqual(
    Array(4).fill(undefined),
  );
});

it('takes no failed question for “none”', async () => {
  const data = await dataWhere('/api/losses', '/api/drops', '/api/connections');
  expect(data.tellings.length).toBe(1);
  expect([data.lossesKnown, data.drops, data.connections]).toEqual([false, undefined, undefined]);
  for (const one of [data.lossProblem, data.dropProblem, data.socketProblem])
    expect(one).toMatchObject({ kind: 'failed', detail: 'no' });
  expect(data.problem).toBeUndefined();
});

it('asks for the rest though the flow itself is not answered', async () => {
  const data = await dataWhere('/api/flows');
  expect(data.problem).toMatchObject({ kind: 'failed' });
  expect([data.lossesKnown, data.drops, data.connections]).toEqual([true, [], []]);
});
