// SPDX-License-Identifier: Apache-2.0
// The editor of a query: one line, completed and checked by the program itself. Loaded when a
// field is first used. It lives in a shadow root, where its styles are sheets that a strict
// policy allows (in a document they would be <style> elements).
import { acceptCompletion, autocompletion, completionStatus } from '@codemirror/autocomplete';
import { moveCompletionSelection, selectedCompletion } from '@codemirror/autocomplete';
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec, RangeSetBuilder } from '@codemirror/state';
import { Decoration, EditorView, keymap, placeholder, tooltips } from '@codemirror/view';
import { ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { ask, type Place } from '../../api/http';
import { theme } from './editor_theme';
import { tokensOf } from './tokens';
import { byteOffset, indexOfByte, rangeOf } from './utf8';

export interface EditorOptions {
  host: HTMLElement;
  text: string;
  from: number;
  to: number;
  label: string;
  hint: string;
  onchange: (text: string) => void;
  onrun: (text: string) => void;
  /** What the program says of the text as it is: undefined where it is a query. */
  onchecked: (problem: Checked | undefined) => void;
}
export interface Checked extends Place {
  detail: string;
}
export interface Editor {
  set(text: string): void;
  focus(): void;
  select(from: number, to: number): void;
  close(): void;
}

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const stop = new AbortController();
  context.addEventListener('abort', () => stop.abort());
  try {
    const answer = await ask<{ from: number; to: number; words: string[] }>(
      '/api/query/complete',
      { q: text, at: byteOffset(text, context.pos) },
      { signal: stop.signal, timeoutMs: 3000 },
    );
    return {
      from: indexOfByte(text, answer.from),
      to: indexOfByte(text, answer.to),
      options: answer.words.map((word) => ({ label: word })),
      filter: false,
    };
  } catch {
    return null; // The field works without.
  }
}

const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = coloured(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = coloured(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function coloured(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { kind, from, to } of tokensOf(view.state.doc.toString()))
    builder.add(from, to, Decoration.mark({ class: `np-${kind}` }));
  return builder.finish();
}

const CHECK_AFTER_MS = 500;

export function openEditor(options: EditorOptions): Editor {
  const root = options.host.shadowRoot ?? options.host.attachShadow({ mode: 'open' });
  const parent = document.createElement('div');
  root.replaceChildren(parent);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let checking: AbortController | undefined;

  const check = async (view: EditorView) => {
    const text = view.state.doc.toString();
    checking?.abort();
    checking = new AbortController();
    try {
      const answer = await ask<{ valid: boolean; error?: Checked }>(
        '/api/query/validate',
        { q: text },
        { signal: checking.signal, timeoutMs: 3000 },
      );
      if (view.state.doc.toString() !== text) return;
      const error = answer.valid ? undefined : answer.error;
      show(view, error);
      // While words are offered for what is half written, its end is not told as an error.
      options.onchecked(completionStatus(view.state) === null ? error : undefined);
    } catch {
      // It is told when the query is run.
    }
  };
  const show = (view: EditorView, error: Checked | undefined) => {
    const text = view.state.doc.toString();
    const range = error ? rangeOf(text, error.column, error.length) : { from: 0, to: 0 };
    // An error at one place alone is drawn below the character before.
    if (range.from === range.to) range.from = Math.max(0, range.from - 1);
    const list = error ? [{ ...range, severity: 'error' as const, message: error.detail }] : [];
    view.dispatch(setDiagnostics(view.state, list));
  };
  const take = (view: EditorView): boolean => {
    if (completionStatus(view.state) !== 'active') return false;
    if (!selectedCompletion(view.state)) moveCompletionSelection(true)(view);
    return acceptCompletion(view);
  };
  const run = (view: EditorView): boolean => {
    options.onrun(view.state.doc.toString());
    return true;
  };

  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: options.text,
      selection: { anchor: options.from, head: options.to },
      extensions: [
        // One line: what is pasted comes in one.
        EditorState.transactionFilter.of((change) =>
          change.docChanged && change.newDoc.lines > 1
            ? {
                changes: {
                  from: 0,
                  to: change.startState.doc.length,
                  insert: change.newDoc.toString().replace(/\s*\n\s*/g, ' '),
                },
                selection: {
                  anchor: Math.min(change.newSelection.main.head, change.newDoc.length),
                },
              }
            : change,
        ),
        history(),
        autocompletion({
          override: [complete],
          selectOnOpen: false,
          icons: false,
          interactionDelay: 0,
          closeOnBlur: true,
        }),
        tooltips({ parent, position: 'absolute' }),
        // Enter takes what is chosen in the list, and runs the query otherwise.
        Prec.low(keymap.of([{ key: 'Enter', run }])),
        Prec.highest(
          keymap.of([
            { key: 'Tab', run: take },
            { key: 'Mod-Enter', run },
          ]),
        ),
        keymap.of([...historyKeymap, ...defaultKeymap.filter((one) => one.key !== 'Enter')]),
        // Where coloured text is replaced, a browser keeps its colour in a style attribute,
        // which a strict policy forbids: so it is replaced here.
        EditorView.domEventHandlers({
          beforeinput(event, view) {
            if (event.inputType !== 'insertText' || event.isComposing || event.data === null)
              return false;
            if (view.state.selection.main.empty) return false;
            event.preventDefault();
            view.dispatch(view.state.replaceSelection(event.data), {
              userEvent: 'input.type',
              scrollIntoView: true,
            });
            return true;
          },
        }),
        placeholder(options.hint),
        EditorView.contentAttributes.of({
          'aria-label': options.label,
          'aria-multiline': 'false',
          'data-testid': 'query-input',
          spellcheck: 'false',
          autocapitalize: 'off',
        }),
        EditorView.lineWrapping,
        colours,
        theme,
        EditorView.updateListener.of((update) => {
          const closed =
            completionStatus(update.startState) !== null && completionStatus(update.state) === null;
          if (!update.docChanged && !closed) return;
          if (update.docChanged) options.onchange(update.state.doc.toString());
          clearTimeout(timer);
          timer = setTimeout(() => void check(update.view), CHECK_AFTER_MS);
        }),
      ],
    }),
  });
  if (options.text !== '') void check(view);
  return {
    set(text) {
      const old = view.state.doc.toString();
      if (text === old) return;
      view.dispatch({
        changes: { from: 0, to: old.length, insert: text },
        selection: { anchor: text.length },
      });
    },
    focus: () => view.focus(),
    select: (from, to) => {
      view.dispatch({ selection: { anchor: from, head: to } });
      view.focus();
    },
    close() {
      clearTimeout(timer);
      checking?.abort();
      view.destroy();
    },
  };
}
