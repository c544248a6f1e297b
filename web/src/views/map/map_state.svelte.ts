// SPDX-License-Identifier: Apache-2.0
// The picture and its places, from one update to the next.
import { untrack } from 'svelte';
import { cut, type Picture } from './cut';
import { Layout, type LayoutKind } from './layout';
import type { Shown } from './map_data.svelte';
import { placeNewcomers, type Places } from './place';

export const MOST_NODES = 200;
export const MOST_EDGES = 400;
/** Few nodes with many edges cannot be read either. */
export const mostEdges = (nodes: number) => Math.min(MOST_EDGES, 40 + 3 * nodes);
/** Places of who is gone are kept for so many; then the picture is laid out anew. */
const MOST_PLACES = 20_000;

export interface PictureOptions {
  all: boolean;
  problemsOnly: boolean;
  keep: ReadonlySet<string>;
}

export class MapState {
  /** What is drawn. */
  picture = $state.raw<Picture | undefined>();
  /** All that there is: of the tables. */
  full = $state.raw<Picture | undefined>();
  /** Who has a place is drawn. A new map with each change. */
  places = $state.raw<Places>(new Map());
  /** Counts layouts of the whole: the viewport fits itself to a new one. */
  layouts = $state(0);
  layingOut = $state(false);
  layoutProblem = $state('');
  /** The card that the keyboard was at last: it stays drawn. */
  focused = $state('');
  readonly #layout = new Layout();
  /** What the layout before was made for. */
  #laidOutFor = '';
  #before: ReadonlySet<string> = new Set();

  /** `layoutKey`: a new one is asked for by who looks, and only then all is laid out anew. */
  update(shown: Shown, options: PictureOptions, layoutKey: string): void {
    untrack(() => {
      const { problemsOnly, keep } = options;
      const common = { problemsOnly, keep, before: this.#before };
      const edges = shown.totals.edges;
      const full = cut(edges.values(), { ...common, mostNodes: Infinity, mostEdges: Infinity });
      const edgesMost = mostEdges(Math.min(full.allNodes, MOST_NODES));
      const fits = full.allNodes <= MOST_NODES && full.allEdges <= edgesMost;
      const picture =
        options.all || fits
          ? full
          : cut(edges.values(), { ...common, mostNodes: MOST_NODES, mostEdges: edgesMost });
      this.full = full;
      this.#before = new Set([
        ...picture.nodes.map((one) => one.node.id),
        ...picture.edges.map((one) => one.edge.id),
      ]);
      this.picture = picture;
      const kind: LayoutKind = options.all ? 'force' : 'levels';
      const key = `${kind} ${layoutKey}`;
      if (picture.nodes.length === 0) return;
      if (key !== this.#laidOutFor || this.places.size > MOST_PLACES) {
        this.#laidOutFor = key;
        void this.#layOut(kind, picture, key);
      } else if (!this.layingOut) this.#placeNewcomers(kind, picture);
    });
  }

  #pairs(picture: Picture): [string, string][] {
    return picture.edges.map(({ edge }) => [edge.src.id, edge.dst.id]);
  }

  async #layOut(kind: LayoutKind, picture: Picture, key: string): Promise<void> {
    this.layingOut = true;
    const ids = picture.nodes.map((one) => one.node.id).sort();
    try {
      const places = await this.#layout.find(kind, ids, this.#pairs(picture));
      if (!places || key !== this.#laidOutFor) return;
      this.layoutProblem = '';
      this.places = places;
      this.layouts += 1;
    } catch (error) {
      // A picture without an order is better than none.
      this.layoutProblem = error instanceof Error ? error.message : String(error);
      const places: Places = new Map();
      placeNewcomers(places, ids, []);
      this.places = places;
      this.layouts += 1;
    } finally {
      if (key === this.#laidOutFor) {
        this.layingOut = false;
        if (this.picture) this.#placeNewcomers(kind, this.picture);
      }
    }
  }

  #placeNewcomers(kind: LayoutKind, picture: Picture): void {
    const ids = picture.nodes.map((one) => one.node.id);
    if (ids.every((id) => this.places.has(id))) return;
    const places = new Map(this.places);
    placeNewcomers(places, ids, this.#pairs(picture), kind);
    this.places = places;
  }

  close(): void {
    this.#layout.close();
  }
}
