// SPDX-License-Identifier: Apache-2.0
// Answers of the API that more than one view reads; /api/openapi.json has them all.
// What a view alone reads stands in the view's folder.

export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  type: string;
  unit?: string;
}

/** Lost: `"stage.cause": count`, of the server `"stage/cause": count`. */
export type Lost = Record<string, number | Record<string, number>>;

/** How complete an answer is. */
export interface Completeness {
  since: string;
  until: string;
  lost_since: string;
  lost: Lost;
  complete: boolean;
  /** Lists of netprobe-server say here whose part is in them, in place of the times. */
  agents?: number;
  answered?: number;
  missing?: Missing[];
}

export interface Missing {
  node: string;
  address: string;
  problem: string;
}

/** Of netprobe-server: whose part is in the answer. */
export interface Sources {
  agents: number;
  answered: number;
  missing: Missing[];
  lost: Lost;
}

/** What any answer may say of how whole it is. */
export interface Whole {
  completeness?: Completeness;
  partial?: boolean;
  sources?: Sources;
  warnings?: string[];
  truncated?: boolean;
}

export interface QueryAnswer extends Whole {
  query: string;
  kind: string;
  columns: Column[];
  rows: Cell[][];
  total: number | null;
  truncated: boolean;
  next_cursor: string | null;
  source: string;
  tier: string;
  resolution_seconds: number;
  exact: boolean;
  since: string | null;
  until: string | null;
  kept_since: string | null;
  kubernetes?: Kubernetes;
}

/** A step of a live sum: an event `window` of /api/stream. */
export interface WindowEvent extends Whole {
  since: string;
  until: string;
  columns: Column[];
  rows: Cell[][];
  total: number;
  late: number;
  missing: number;
  left_out: { records: number; packets: number; bytes: number };
}

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

export interface Kubernetes {
  state: string;
}
