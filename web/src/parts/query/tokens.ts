// SPDX-License-Identifier: Apache-2.0
// A query's words, for colour and for knowing its parts. What is right and wrong the program
// itself says (/api/query/validate).

export type TokenKind = 'field' | 'word' | 'value' | 'text' | 'operator' | 'pipe' | 'bracket';

export interface Token {
  kind: TokenKind;
  from: number;
  to: number;
  text: string;
}

/** Words that begin a stage. */
const STAGE =
  /^(count|sum|min|max|avg|p\d+(\.\d+)?|quantile|distinct|rate|peak|top|histogram|new|by|order|limit|fields|last|since|until)$/i;
const WORDS = /^(and|or|not|in|by|every|asc|desc|flows|drops|dropped|connections|alerts)$/i;
const PIECE =
  /\s+|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|&&|\|\||\||!=|!~|<=|>=|=~|==|[=<>~!]|[(),]|[^\s"'(),|&=<>~!]+|&/gy;

export function beginsStage(word: string): boolean {
  return STAGE.test(word);
}

export function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  PIECE.lastIndex = 0;
  for (let match = PIECE.exec(query); match; match = PIECE.exec(query)) {
    const text = match[0];
    if (/^\s/.test(text)) continue;
    tokens.push({ kind: kindOf(text), from: match.index, to: match.index + text.length, text });
  }
  // What stands behind an operator is a value; a word of the language is one where no
  // operator follows it.
  let inValues = false;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const after = tokens[index + 1];
    if (token.kind === 'bracket' && token.text === '(')
      inValues = before?.kind === 'operator' || /^in$/i.test(before?.text ?? '');
    if (token.kind === 'bracket' && token.text === ')') inValues = false;
    if (token.kind !== 'field') return;
    if (inValues || before?.kind === 'operator') token.kind = 'value';
    else if (after?.kind === 'operator' && after.text !== '!') return;
    else if (WORDS.test(token.text)) token.kind = 'word';
    else if (STAGE.test(token.text) && (!before || before.kind !== 'word' || index < 2))
      token.kind = 'word';
    else if (/^[\d.]+[a-z]*$/i.test(token.text)) token.kind = 'value';
  });
  return tokens;
}

function kindOf(text: string): TokenKind {
  if (text === '|') return 'pipe';
  if (/^["']/.test(text)) return 'text';
  if (/^[(),]$/.test(text)) return 'bracket';
  if (/^[=<>~!&|]/.test(text)) return 'operator';
  return 'field';
}
