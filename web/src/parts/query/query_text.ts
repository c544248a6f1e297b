// SPDX-License-Identifier: Apache-2.0
// A query's parts, so that chips and its text are one thing: its kind, the conditions of its
// filter, its stages. Whatever is not understood stays as it was written.
import { beginsStage, tokensOf, type Token } from './tokens';

export type Kind = 'flows' | 'drops' | 'connections' | 'alerts';
export const kinds: readonly Kind[] = ['flows', 'drops', 'connections', 'alerts'];

export interface QueryParts {
  /** undefined: it is not written, and follows from the fields. */
  kind: Kind | undefined;
  filter: string;
  /** Without the '|' before them. */
  stages: string[];
}

export function partsOf(query: string): QueryParts {
  const tokens = tokensOf(query);
  const pieces: string[] = [];
  let from = 0;
  for (const token of tokens)
    if (token.kind === 'pipe') {
      pieces.push(query.slice(from, token.from).trim());
      from = token.to;
    }
  pieces.push(query.slice(from).trim());
  let filter = pieces.shift() ?? '';
  let kind: Kind | undefined;
  const first = /^(flows|drops|dropped|connections|alerts)(?=\s|$|\()/i.exec(filter);
  if (first) {
    const word = (first[1] ?? '').toLowerCase();
    kind = word === 'dropped' ? 'drops' : (word as Kind);
    filter = filter.slice(first[0].length).trim();
  }
  const [word, next] = tokensOf(filter);
  if (word && beginsStage(word.text) && next?.kind !== 'operator') {
    pieces.unshift(filter);
    filter = '';
  }
  return { kind, filter, stages: pieces.filter((stage) => stage !== '') };
}

export function joined({ kind, filter, stages }: QueryParts): string {
  const head = [kind ?? '', filter].filter((part) => part !== '').join(' ');
  return [head, ...stages.map((stage) => `| ${stage}`)].filter((part) => part !== '').join(' ');
}

/** The conditions of a filter that all must hold; one alone where it has an `or` of its own. */
export function conditionsOf(filter: string): string[] {
  const tokens = tokensOf(filter);
  const pieces: { from: number; to: number }[] = [];
  let depth = 0;
  let glued = false;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    const before = tokens[index - 1];
    if (depth === 0 && isOr(token)) return [filter.trim()];
    if (depth === 0 && isAnd(token)) {
      glued = false;
      continue;
    }
    const isIn = /^in$/i.test(token.text) && token.kind === 'word';
    const notIn = /^not$/i.test(token.text) && /^in$/i.test(tokens[index + 1]?.text ?? '');
    const joins =
      depth > 0 ||
      glued ||
      isIn ||
      (notIn && before !== undefined && before.kind === 'field') ||
      (token.kind === 'operator' && token.text !== '!') ||
      token.text === ')' ||
      (token.text === ',' && depth > 0);
    const last = pieces.at(-1);
    if (joins && last) last.to = token.to;
    else pieces.push({ from: token.from, to: token.to });
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth = Math.max(0, depth - 1);
    glued = token.kind === 'operator' || isIn || /^not$/i.test(token.text);
  }
  return pieces.map(({ from, to }) => filter.slice(from, to));
}

const isOr = (token: Token) =>
  token.text === '||' || (token.kind === 'word' && /^or$/i.test(token.text));
const isAnd = (token: Token) =>
  token.text === '&&' || (token.kind === 'word' && /^and$/i.test(token.text));

/** An `or` that stands outside all brackets: `(a=1) or (b=2)`, and not `(a=1 or b=2)`. */
function hasOuterOr(filter: string): boolean {
  let depth = 0;
  for (const token of tokensOf(filter)) {
    if (depth === 0 && isOr(token)) return true;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth = Math.max(0, depth - 1);
  }
  return false;
}

const plain = (condition: string) => condition.replace(/\s+/g, ' ').trim().toLowerCase();

export function hasCondition(query: string, condition: string): boolean {
  return conditionsOf(partsOf(query).filter).some((one) => plain(one) === plain(condition));
}

/** `query` with `condition` beside the others. */
export function withCondition(query: string, condition: string): string {
  if (hasCondition(query, condition)) return query;
  const parts = partsOf(query);
  const filter = hasOuterOr(parts.filter) ? `(${parts.filter})` : parts.filter;
  return joined({ ...parts, filter: filter === '' ? condition : `${filter} ${condition}` });
}

export function withoutCondition(query: string, condition: string): string {
  const parts = partsOf(query);
  const conditions = conditionsOf(parts.filter);
  const left = conditions.filter((one) => plain(one) !== plain(condition));
  return left.length === conditions.length ? query : joined({ ...parts, filter: left.join(' ') });
}

export function withKind(query: string, kind: Kind): string {
  return joined({ ...partsOf(query), kind: kind === 'flows' ? undefined : kind });
}

/** The first word of a stage: `sum`, `fields` … */
export function stageWord(stage: string): string {
  return (tokensOf(stage)[0]?.text ?? '').toLowerCase();
}

const LISTS = new Set(['order', 'limit', 'fields', 'last', 'since', 'until']);
const RANGES = new Set(['last', 'since', 'until']);

export function sumsUp(query: string): boolean {
  return partsOf(query).stages.some((stage) => !LISTS.has(stageWord(stage)));
}

export function hasStage(query: string, ...words: string[]): boolean {
  return partsOf(query).stages.some((stage) => words.includes(stageWord(stage)));
}

export function withoutStages(query: string, ...words: string[]): string {
  const parts = partsOf(query);
  return joined({
    ...parts,
    stages: parts.stages.filter((stage) => !words.includes(stageWord(stage))),
  });
}

/** Sums by steps of time: `… every 5s`. */
export function hasStep(query: string): boolean {
  return partsOf(query).stages.some((stage) =>
    tokensOf(stage).some((token) => /^every$/i.test(token.text)),
  );
}

/** A query's part that a stream takes: no time range, and of lists the filter alone. */
export function streamed(query: string): string {
  const parts = partsOf(query);
  const stages = sumsUp(query) ? parts.stages.filter((one) => !RANGES.has(stageWord(one))) : [];
  return joined({ ...parts, stages });
}
