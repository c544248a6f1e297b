// SPDX-License-Identifier: Apache-2.0
// Where the page is, all of it in the address: a link shows another what one sees.
// Behind '#', so that it works below any prefix and the server knows one page alone.
export type ViewName =
  'overview' | 'map' | 'path' | 'tunnels' | 'flows' | 'quality' | 'security' | 'status';

export const viewNames: readonly ViewName[] = [
  'overview',
  'map',
  'flows',
  'path',
  'tunnels',
  'quality',
  'security',
  'status',
];

export type ViewParams = Record<string, string>;

export interface Where {
  view: ViewName;
  params: ViewParams;
}

export function parseHash(hash: string): Where {
  const text = hash.replace(/^#\/?/, '');
  const mark = text.indexOf('?');
  const name = mark < 0 ? text : text.slice(0, mark);
  const view = viewNames.find((one) => one === name) ?? 'overview';
  const params = Object.fromEntries(new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)));
  return { view, params };
}

/** The address of a view, for `href`. Empty parameters are left out. */
export function linkTo(view: ViewName, params: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return `#/${view}${text ? `?${text}` : ''}`;
}

class Location {
  #where = $state.raw<Where>(parseHash(window.location.hash));

  constructor() {
    window.addEventListener('hashchange', () => {
      this.#where = parseHash(window.location.hash);
    });
  }

  get view(): ViewName {
    return this.#where.view;
  }
  get params(): ViewParams {
    return this.#where.params;
  }

  /** Changes parameters of this view; '' or undefined takes one away. `replace`: no step back. */
  set(change: Record<string, string | undefined>, replace = false): void {
    this.go(this.view, { ...this.params, ...change }, replace);
  }

  go(view: ViewName, params: Record<string, string | undefined> = {}, replace = false): void {
    const link = linkTo(view, params);
    if (link === window.location.hash) return;
    if (replace) {
      history.replaceState(null, '', link);
      this.#where = parseHash(link);
    } else {
      window.location.hash = link;
      // The event comes later; what is clicked shows at once.
      this.#where = parseHash(link);
    }
  }
}
export const location = new Location();
