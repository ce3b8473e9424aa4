import type { Call, ThreadStanding } from '../explore/standing.ts';
import { plain, wrap } from './text.ts';

/** What a thread would do, or why it does not: `waits at mutex_lock(m), held by B since step 3`. */
export function doing({ status, text, holder, since }: ThreadStanding): string {
  const for_ = since === 0 ? 'from the start' : `since step ${since}`;
  switch (status) {
    case 'can move':
      return text;
    case 'finished':
      return 'has finished';
    case 'crashed':
      return `crashed at ${text}`;
    case 'interrupted':
      return `is interrupted by ${holder} ${for_}, before ${text}`;
    case 'waits':
    case 'idle': {
      const held = holder === null ? '' : `, held by ${holder}`;
      return `waits at ${text}${held}, ${for_}${status === 'idle' ? ', as it may' : ''}`;
    }
  }
}

/** Where a thread is in the spec: the innermost line with its text, then who called it. */
export function whereLines(calls: readonly Call[], columns: number, indent: number): string[] {
  const [innermost, ...outer] = calls.toReversed();
  if (!innermost) return [];
  const { file, line, fn, text } = innermost;
  const from = outer.map((call) => ` < ${call.fn}:${call.line}`).join('');
  const blank = ' '.repeat(indent);
  const told = [`${file}:${line} ${fn}${from}`, text];
  return told.flatMap((each) => wrap(plain(each), columns - indent, 4).map((l) => blank + l));
}
