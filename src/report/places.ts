import type { Place } from '../explore/outcome.ts';
import { pad, plain, width, wrap } from './text.ts';

/** The code that a report is about: what happens there, the call stack, the locks that are held. */
export function placeLines(places: readonly Place[], columns: number): string[] {
  const named = places.map(({ what, thread }) =>
    plain(what === '' ? thread : `${what}, ${thread}`),
  );
  const widest = Math.max(0, ...named.map(width));
  return places.flatMap((place, at) => {
    const statement = plain(place.text);
    const inLine = widest + 4 + width(statement) <= columns;
    const head = inLine
      ? [`  ${pad(named[at]!, widest)}  ${statement}`]
      : [...wrap(`  ${named[at]}`, columns, 2), ...indented(statement, columns, 3)];
    return [...head, ...indented(whereOf(place), columns, 6)];
  });
}

/** `spec.ts:12 f < g (spec.ts:30), holding a, b` */
function whereOf({ calls, held }: Place): string {
  const [innermost, ...outer] = calls.toReversed();
  const from = outer.map(({ file, line, fn }) => ` < ${fn} (${file}:${line})`);
  const where = innermost ? `${innermost.file}:${innermost.line} ${innermost.fn}` : '';
  const locks = held.length === 0 ? 'no lock held' : `holding ${held.join(', ')}`;
  return plain([where + from.join(''), locks].filter((part) => part !== '').join('; '));
}

function indented(text: string, columns: number, most: number): string[] {
  return wrap(text, columns - 6, most).map((line) => `      ${line}`);
}
