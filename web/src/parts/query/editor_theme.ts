// SPDX-License-Identifier: Apache-2.0
import { EditorView } from '@codemirror/view';

/** Of the page's own colours; custom properties reach into a shadow root. */
export const theme = EditorView.theme({
  '&': {
    backgroundColor: 'transparent',
    color: 'var(--text)',
    fontSize: '13px',
    outline: 'none !important',
  },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '22px' },
  '.cm-content': { padding: '3px 0', minHeight: '28px', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 10px' },
  '.cm-placeholder': { color: 'var(--text-weak)' },
  '.np-field': { color: 'var(--accent)' },
  '.np-word': { color: 'var(--series-3)', fontWeight: '600' },
  '.np-value, .np-text': { color: 'var(--series-2)' },
  '.np-operator, .np-pipe, .np-bracket': { color: 'var(--text-weak)' },
  '.np-pipe': { fontWeight: '700' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad) 1.5px',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    boxShadow: '0 6px 18px rgb(0 0 0 / 0.18)',
    zIndex: '20',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px', lineHeight: '20px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent-ground)',
    color: 'var(--text)',
    boxShadow: 'inset 3px 0 var(--accent)',
  },
  '.cm-diagnostic': { borderInlineStartColor: 'var(--bad)', whiteSpace: 'normal' },
});
