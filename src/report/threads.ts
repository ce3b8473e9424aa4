import type { Call, ThreadStanding } from '../explore/standing.ts';
import { tellingLocals } from './locals.ts';
import { plain, wrap } from './text.ts';

/** What a thread would do, or why it does not: `waits at mutex_lock(m), held by B, since step 3`. */
export function doing({ status, text, holder, since }: ThreadStanding): string {
  const from = since === 0 ? 'from the start' : `since step ${since}`;
  switch (status) {
    case 'can move':
      return text;
    case 'finished':
      return 'has finished';
    case 'crashed':
      return `crashed at ${text}`;
    case 'interrupted':
      return `is interrupted by ${holder} ${from}, before ${text}`;
    case 'idle':
      return `idle at ${text} ${from}`;
    case 'waits':
      return `waits at ${text}${holder === null ? '' : `, held by ${holder}`}, ${from}`;
  }
}

/** A thread with what it would do and where in the spec that is. */
export function threadLines(thread: ThreadStanding, columns: number): string[] {
  const { name, calls } = thread;
  return [
    ...indented(`${name}  ${doing(thread)}`, columns, 2, 4),
    ...indented(stackOf(calls), columns, 6),
    ...indented(calls.at(-1)?.text ?? '', columns, 6),
  ];
}

/** The same with the locals of the innermost function, and the locks. */
export function detailLines(thread: ThreadStanding, columns: number): string[] {
  const { calls, held } = thread;
  return [
    ...threadLines(thread, columns),
    ...indented(localsOf(calls.at(-1)), columns, 6),
    ...(held.length > 0 ? indented(`holds ${held.join(', ')}`, columns, 6) : []),
  ];
}

/** The whole call stack, innermost first, with the locals of each function. */
export function backtraceLines(thread: ThreadStanding, columns: number): string[] {
  const { name, calls, held, cpu, kind } = thread;
  const frames = calls
    .toReversed()
    .flatMap((call, depth) => [
      ...indented(`#${depth}  ${call.fn}  ${call.file}:${call.line}  ${call.text}`, columns, 2, 6),
      ...indented(localsOf(call), columns, 6, 8),
    ]);
  return [
    ...indented(`${name}  ${doing(thread)}`, columns, 0, 4),
    ...frames,
    ...indented(`holds ${held.length > 0 ? held.join(', ') : 'no lock'}`, columns, 2),
    ...indented(`${kind} on CPU ${cpu}`, columns, 2),
  ];
}

/** `slab_common.ts:12 f < g:30 < h:41` */
export function stackOf(calls: readonly Pick<Call, 'file' | 'line' | 'fn'>[]): string {
  const [innermost, ...outer] = calls.toReversed();
  if (!innermost) return '';
  const from = outer.map(({ fn, line }) => ` < ${fn}:${line}`).join('');
  return `${innermost.file}:${innermost.line} ${innermost.fn}${from}`;
}

function localsOf(call: Call | undefined): string {
  const locals = tellingLocals(call?.locals ?? {});
  return locals.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** No line for an empty text; lines after the first stand further in. */
export function indented(text: string, columns: number, first: number, rest = first): string[] {
  if (text === '') return [];
  return wrap(plain(text), columns - Math.max(first, rest), 12).map(
    (line, at) => ' '.repeat(at === 0 ? first : rest) + line,
  );
}
