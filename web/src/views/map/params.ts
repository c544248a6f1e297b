// SPDX-License-Identifier: Apache-2.0
// The view's state in the address, and what follows from it.
import { linkTo } from '../../state/location.svelte';
import type { Picture } from './cut';
import { counted } from './levels';
import { nameOf } from './metrics';

export interface LinkRange {
  since: string;
  until?: string;
}

/** A link may be anybody's: what is no list of texts is nothing. */
export function readExpanded(text: string): string[] {
  try {
    const value: unknown = text ? JSON.parse(text) : [];
    if (!Array.isArray(value)) return [];
    return value.filter((one): one is string => typeof one === 'string').slice(0, 100);
  } catch {
    return [];
  }
}

/** Ids of the nodes that a selection is about: itself, or both ends of an edge. */
export function ends(selected: string): string[] {
  return [selected, ...selected.split('\u0002')];
}

/** What the search finds, drawn or not. */
export function foundIn(picture: Picture | undefined, search: string): Set<string> | undefined {
  const wanted = search.trim().toLowerCase();
  if (!wanted || !picture) return undefined;
  const found = new Set<string>();
  for (const { node } of picture.nodes)
    if (`${nameOf(node)} ${node.within}`.toLowerCase().includes(wanted)) found.add(node.id);
  return found;
}

/** Of links to flows: the time that is shown, or the newest minutes. */
export function rangeOf(shown: { since: number; until: number } | undefined): LinkRange {
  if (!shown) return { since: '5m' };
  return {
    since: new Date(shown.since).toISOString(),
    until: new Date(shown.until).toISOString(),
  };
}

export function flowsLink(filter: string, range: LinkRange): string {
  return linkTo('flows', { q: counted(filter), ...range });
}
