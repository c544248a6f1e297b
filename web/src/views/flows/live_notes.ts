// SPDX-License-Identifier: Apache-2.0
// What a stream of flows tells beside flows: nodes that are away, and events that were lost.

export interface LiveNote {
  node?: string;
  state?: 'joined' | 'left';
  problem?: string;
  lost?: number;
}
export interface Loss {
  node: string;
  problem: string;
  count: number;
}

const MOST_LOSSES = 20;

export class LiveNotes {
  /** Why they tell nothing, by node. */
  away: ReadonlyMap<string, string> = new Map();
  lost = 0;
  /** Of losses that say so: whose, and why. */
  losses: readonly Loss[] = [];

  /** Nodes that are away are told anew at the beginning of each stream. */
  begin(): void {
    this.away = new Map();
  }

  agent({ node = '', state, problem = '' }: LiveNote): void {
    const away = new Map(this.away);
    if (state === 'left') away.set(node, problem);
    else if (state === 'joined') away.delete(node);
    this.away = away;
  }

  loss({ node = '', problem = '', lost = 0 }: LiveNote): void {
    this.lost += lost;
    if (!node && !problem) return;
    const same = (one: Loss) => one.node === node && one.problem === problem;
    const before = this.losses.find(same)?.count ?? 0;
    // The newest first.
    this.losses = [
      { node, problem, count: before + lost },
      ...this.losses.filter((one) => !same(one)),
    ].slice(0, MOST_LOSSES);
  }
}
