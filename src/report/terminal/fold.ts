import type { ChalkInstance } from 'chalk';
import { lanes } from './lanes.ts';
import { always, type Row, rowsOf, type Story } from './story.ts';
import { stretches } from './stretches.ts';

/** Of so few steps none is folded. */
const few = 12;
/** Steps that are tried, one by one, whether there is room for them. */
const tried = 100;

/** The whole story, or the steps of it that matter most, in as many lines as there is room for. */
export function table(
  story: Story,
  { columns, chalk, lines }: { columns: number; chalk: ChalkInstance; lines: number },
): { lines: string[]; folded: boolean } {
  const rows = rowsOf(story, () => true);
  for (const layout of [lanes, stretches]) {
    const whole = layout(rows, columns, chalk);
    if (whole === null) continue;
    if (whole.length <= lines || story.steps.length <= few) return { lines: whole, folded: false };
  }
  const drawn = (shown: (step: number) => boolean) => draw(rowsOf(story, shown), columns, chalk);
  const order = byWeight(story);
  const shown = new Set(order.filter((step) => story.weight[step - 1]! >= always));
  let best = drawn((step) => shown.has(step));
  let least = 0;
  for (const step of order.slice(shown.size, shown.size + tried)) {
    // Where there is no room for a step that matters, there is none for those that matter less.
    if (story.weight[step - 1]! < least) break;
    const more = drawn((other) => other === step || shown.has(other));
    if (more.length > lines) {
      least = story.weight[step - 1]!;
      continue;
    }
    shown.add(step);
    best = more;
  }
  return { lines: best, folded: true };
}

/** Numbers of steps, those that matter most first; of equal ones the last, nearest to the end. */
function byWeight({ weight }: Story): number[] {
  const numbers = weight.map((_, at) => at + 1);
  return numbers.sort((a, b) => weight[b - 1]! - weight[a - 1]! || b - a);
}

export function draw(rows: readonly Row[], columns: number, chalk: ChalkInstance): string[] {
  return lanes(rows, columns, chalk) ?? stretches(rows, columns, chalk);
}
