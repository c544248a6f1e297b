// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { LiveNotes } from './live_notes';

it('knows which nodes are away, and why', () => {
  const notes = new LiveNotes();
  notes.agent({ node: 'node2', state: 'left', problem: 'connection refused' });
  notes.agent({ node: 'node3', state: 'left' });
  expect([...notes.away]).toEqual([
    ['node2', 'connection refused'],
    ['node3', ''],
  ]);
  notes.agent({ node: 'node2', state: 'joined' });
  expect([...notes.away.keys()]).toEqual(['node3']);
  notes.begin();
  expect(notes.away.size).toBe(0);
});

it('counts what was lost, by who says why', () => {
  const notes = new LiveNotes();
  notes.loss({ lost: 5 });
  notes.loss({ lost: 2, node: 'node1', problem: 'it floods' });
  notes.loss({ lost: 1, problem: 'they were not taken fast enough' });
  notes.loss({ lost: 3, node: 'node1', problem: 'it floods' });
  expect(notes.lost).toBe(11);
  expect(notes.losses).toEqual([
    { node: 'node1', problem: 'it floods', count: 5 },
    { node: '', problem: 'they were not taken fast enough', count: 1 },
  ]);
});
