// SPDX-License-Identifier: Apache-2.0
import { ask, type AskOptions, type Params } from './http';
import type { Cell, Column, QueryAnswer } from './types';

/**
 * Packets that carry a tunnel count in a flow of their own, and what is inside in others.
 * Without these, no byte is counted twice. The ports are those that agents open by default.
 */
export const INSIDE = 'not (protocol=udp dst.port in (4789, 6081, 8472))';

/** Asks /api/query; a query that is long goes in the body. */
export function askQuery(q: string, params: Params = {}, options: AskOptions = {}) {
  const all = { ...params, q };
  if (q.length < 1500) return ask<QueryAnswer>('/api/query', all, options);
  const body = Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== ''),
  );
  return ask<QueryAnswer>('/api/query', {}, { ...options, body });
}

export function columnIndex(columns: Column[], name: string): number {
  return columns.findIndex((column) => column.name === name);
}

export function text(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : String(cell);
}

export function number(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : 0;
}

/** A value as the query language reads it back; `null` is `none`. */
export function quoted(value: Cell | undefined): string {
  if (value === null || value === undefined || value === '') return 'none';
  if (typeof value !== 'string') return String(value);
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** `src.namespace="shop"`, and for null `src.namespace=none`. */
export function condition(field: string, value: Cell | undefined): string {
  return `${field}=${quoted(value)}`;
}
