/** What an oracle found out about a program: what every correct search must find, too. */
export interface Findings {
  /** Texts of the states in which nothing can move: the objects that differ from their start. */
  readonly finals: ReadonlySet<string>;
  /** The same with where each thread ends, as `endText` has it. */
  readonly ends?: ReadonlySet<string>;
  /** Names of the properties that fail, 'deadlock' and kernel rules included. */
  readonly violated: ReadonlySet<string>;
  readonly states: number;
  /** Locks that a thread has in some state, and those that one waits for, or tries to get in vain. */
  readonly locks?: { readonly taken: ReadonlySet<number>; readonly contended: ReadonlySet<number> };
  /** What else was met that is rare and ought to be met in some program. */
  readonly notes?: ReadonlySet<string>;
}

/** Thrown by an oracle for a program that is too big for it. */
export class TooBig extends Error {}

/** What the oracle finds, or null when the program is too big for it. */
export function bounded<T>(oracle: () => T): T | null {
  try {
    return oracle();
  } catch (error) {
    if (error instanceof TooBig) return null;
    throw error;
  }
}

/** One text for one final state, whatever order the objects come in. */
export function finalText(changed: Iterable<readonly [string, unknown]>): string {
  return [...changed]
    .map(([name, value]) => `${name}=${plain(value)}`)
    .sort()
    .join(' ');
}

/** As `finalText`, and where each thread ends. */
export function endText(
  changed: Iterable<readonly [string, unknown]>,
  threads: Iterable<readonly [string, string]>,
): string {
  return `${finalText(changed)} | ${[...threads].map(([name, at]) => `${name} ${at}`).join('; ')}`;
}

function plain(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    if ('name' in value && typeof value.name === 'string') return `&${value.name}`;
    if (value instanceof Map || value instanceof Set) return `{${[...value].map(plain).join(',')}}`;
    if (Array.isArray(value)) return `[${value.map(plain).join(',')}]`;
    return `{${Object.entries(value)
      .map(([name, v]) => `${name}:${plain(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'undefined';
}
