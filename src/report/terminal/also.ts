import type { Run } from '../../verdict/run.ts';
import { listed, plain, width, wrap } from '../text.ts';
import type { Family } from './families.ts';

/** `also breaks Q at step 51, R at step 71 (NOT EXPECTED)`, the names cut to what two lines hold. */
export function alsoLines({ head, others }: Family, run: Run, room: number): string[] {
  const broken = others.map(({ property, replay }) => {
    const { name, shortest } = property;
    const { step } = head.replay.broken.find((each) => each.property === name)!;
    // What takes other runs first has no length that could be compared.
    const alone = replay.earlier.length > 0 ? step : replay.steps.length;
    const notes = [
      ...(run.expected.includes(name) ? [] : ['NOT EXPECTED']),
      ...(alone < step ? [`by itself at step ${alone}`] : []),
    ];
    const where = `at step ${step}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
    const first = shortest && replay.earlier.length === 0 && alone >= step;
    return { name: plain(name), step, where, first };
  });
  if (broken.length === 0) return [];
  broken.sort((a, b) => a.step - b.step);
  const proved = broken.every(({ first }) => first);
  const end = proved ? '; no schedule does so sooner' : '';
  const names = listed(broken.map(({ name }) => name));
  const say = (most: number) =>
    `also breaks ${broken.map(({ where }, i) => `${cut(names[i]!, most)} ${where}`).join(', ')}${end}`;
  const lines = (most: number) => wrap(say(most), room, 9);
  const longest = Math.max(...names.map(width));
  const shortest = Math.min(longest, leastName);
  let most = longest;
  while (most > shortest && lines(most).length > 2) most--;
  return lines(most);
}

/** The name of what is broken on the way is not cut shorter than this. */
const leastName = 12;

/** A name in quotes keeps them. */
function cut(name: string, columns: number): string {
  if (width(name) <= columns) return name;
  const quoted = name.endsWith("'");
  return `${wrap(name, columns - (quoted ? 1 : 0), 1)[0]}${quoted ? "'" : ''}`;
}
