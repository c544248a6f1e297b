// SPDX-License-Identifier: Apache-2.0
import { expect, it, vi } from 'vitest';

vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => {} });
const { endpoint, flowQuery, pathTo, pointQuery, wantedOf } = await import('./path_links');
const { parseHash } = await import('../../state/location.svelte');

const tuple = { protocol: 'tcp', src_ip: 'fd00::1', src_port: 9, dst_ip: '10.0.0.1', dst_port: 80 };

it('reads back the address of a flow', () => {
  expect(wantedOf(parseHash(pathTo(tuple, 7, 'node1')).params)).toEqual({
    tuple,
    id: '7',
    node: 'node1',
  });
  expect(wantedOf({ flow: '7' })).toEqual({ tuple: undefined, id: '7', node: undefined });
  expect(wantedOf({})).toBeUndefined();
  expect(
    wantedOf({ protocol: 'tcp', src_ip: 'a', dst_ip: 'b', src_port: 'x' })?.tuple?.src_port,
  ).toBe(0);
});

it('names ends and asks for records', () => {
  expect([endpoint(tuple, 'src'), endpoint(tuple, 'dst', 'shop/web')]).toEqual([
    '[fd00::1]:9',
    'shop/web:80',
  ]);
  expect(endpoint({ ...tuple, protocol: 'icmp6' }, 'src')).toBe('fd00::1');
  expect(flowQuery(tuple)).toBe('protocol=tcp ip=fd00::1 ip=10.0.0.1 port=9 port=80');
  expect(flowQuery({ ...tuple, src_ip: 'x" | y' })).toContain('ip="x | y"');
});

it('names a point by its node, and quotes foreign names', () => {
  expect(pointQuery({ name: 'veth "1" or', node: 'node1' })).toBe(
    'interface="veth \\"1\\" or" observer="node1"',
  );
  expect(pointQuery({ name: 'cni0', node: '' })).toBe('interface="cni0"');
});
