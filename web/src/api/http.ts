// SPDX-License-Identifier: Apache-2.0
// Asking the API: JSON, or a problem in a sentence (RFC 9457).

export type Params = Record<string, string | number | boolean | undefined>;

/** Where in a parameter an error is: `column` from 1, in bytes of UTF-8. */
export interface Place {
  column: number;
  length: number;
  expected?: string[];
}

export type ProblemKind =
  | 'unreachable' // no answer at all
  | 'timeout'
  | 'refused' // 4xx: what was asked is wrong
  | 'absent' // 404, 501: this program has no such thing
  | 'failed' // 5xx
  | 'unreadable'; // an answer that is not what it should be

export class ApiProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    /** The server's own sentence, in English; empty where it had none. */
    readonly detail: string,
    readonly status = 0,
    readonly place?: Place,
  ) {
    super(detail || kind);
  }
}

const DEFAULT_TIMEOUT_MS = 20_000;

/** `path` below the page's own address: the page works behind any prefix. */
export function apiUrl(path: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return new URL(`.${path}${text ? `?${text}` : ''}`, document.baseURI).href;
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const kind: ProblemKind =
    response.status === 404 || response.status === 501
      ? 'absent'
      : response.status >= 500
        ? 'failed'
        : 'refused';
  try {
    const body = (await response.json()) as Partial<Place> & { detail?: string; title?: string };
    const place =
      typeof body.column === 'number'
        ? {
            column: body.column,
            length: body.length ?? 1,
            ...(body.expected ? { expected: body.expected } : {}),
          }
        : undefined;
    return new ApiProblem(kind, body.detail ?? body.title ?? '', response.status, place);
  } catch {
    return new ApiProblem(kind, '', response.status);
  }
}

export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new ApiProblem('timeout', '');
  if (error instanceof SyntaxError) return new ApiProblem('unreadable', '');
  return new ApiProblem('unreachable', '');
}

export interface AskOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Sent as JSON by POST. */
  body?: unknown;
  method?: string;
  headers?: Record<string, string>;
}

/** Throws ApiProblem; an AbortError where `signal` ended it. */
export async function ask<T>(path: string, params: Params = {}, options: AskOptions = {}) {
  const signals = [AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)];
  if (options.signal) signals.push(options.signal);
  try {
    const response = await fetch(apiUrl(path, params), {
      signal: AbortSignal.any(signals),
      cache: 'no-store',
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      headers: {
        Accept: 'application/json',
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    noteServerTime(response.headers.get('Date'));
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw toProblem(error);
  }
}

let offsetMs: number | undefined;
const offsetListeners = new Set<(offset: number) => void>();

/** By how much the server's clock is ahead of this browser's; to the second. */
export function onClockOffset(listener: (offsetMs: number) => void): void {
  offsetListeners.add(listener);
  if (offsetMs !== undefined) listener(offsetMs);
}

export function noteServerTime(date: string | null): void {
  const time = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(time)) return;
  offsetMs = time - Date.now();
  for (const listener of offsetListeners) listener(offsetMs);
}
