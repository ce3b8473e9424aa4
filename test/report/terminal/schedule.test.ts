import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../../src/explore/explain.ts';
import type { Replay, StepRecord } from '../../../src/explore/outcome.ts';
import { lanes } from '../../../src/report/terminal/lanes.ts';
import { scheduleLines } from '../../../src/report/terminal/schedule.ts';
import { rowsOf, type Story } from '../../../src/report/terminal/story.ts';
import { stretches } from '../../../src/report/terminal/stretches.ts';
import { abbreviateAll, width } from '../../../src/report/text.ts';
import { changeOf, replayOf, stepOf } from '../../fixtures/steps.ts';
import * as sample from '../sample.ts';

const chalk = new Chalk({ level: 0 });
const everything = { columns: 80, chalk, lines: Number.POSITIVE_INFINITY };

function tell(replay: Replay, columns: number, lines = Number.POSITIVE_INFINITY): string[] {
  const explanation = { edges: [], orders: [], weight: replay.steps.map(() => 1 as const) };
  const told = { replay, property: 'deadlock', explanation, messages: new Map() };
  return scheduleLines(told, { columns, chalk, lines }).lines;
}

function orderOf(first: number, then: number | null): Explanation['orders'][number] {
  return { first, then, thread: 'b', object: 'x', holds: 'always', schedule: [] };
}

function storyOf(steps: readonly StepRecord[], more: Partial<Story> = {}): Story {
  const weight = steps.map(() => 1);
  const none = {
    breaches: new Map(),
    marks: new Map(),
    objects: new Set<string>(),
    full: false,
    deadlock: false,
  };
  return { steps, weight, ...none, ...more };
}

describe.each([40, 60, 80, 120, 200])('at %i columns', (columns) => {
  test('a deadlock', () => {
    expect(tell(sample.deadlock, columns).join('\n')).toMatchSnapshot();
  });
});

const names = fc.constantFrom('a', 'kworker/0-memcg_kmem_cache', '\u7dda\u7a0b', 'x\u001b[2J');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('mutex_lock(slab_mutex)', 'store(\u5024, {a: [b, c], d: NULL})', 'x'.repeat(90)),
);
const texts = fc.array(text, { maxLength: 3 });
const site = fc.record({ file: text, line: fc.nat(999), fn: text, text });
const step = fc
  .record({
    thread: names,
    text,
    result: text,
    site: fc.option(site),
    changes: fc.array(
      fc.tuple(text, text, text).map(([a, b, c]) => changeOf(a, b, c)),
      { maxLength: 3 },
    ),
    locals: fc.dictionary(text, text, { maxKeys: 3 }),
    enabled: fc.array(names),
    taken: texts,
    dropped: texts,
    held: texts,
    waits: fc.array(
      fc.record({
        thread: names,
        text,
        holder: fc.option(names),
        idle: fc.boolean(),
        since: fc.nat(9),
      }),
      { maxLength: 2 },
    ),
  })
  .map((each) => stepOf({ ...each, calls: each.site ? [each.site] : [] }));
const weights = fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 30, maxLength: 30 });

test('no line is wider than the terminal, and none has a control character', () => {
  const property = fc.property(
    fc.array(step, { minLength: 1, maxLength: 30 }),
    weights,
    fc.integer({ min: 40, max: 220 }),
    fc.constantFrom(20, 40, Number.POSITIVE_INFINITY),
    text,
    fc.boolean(),
    (steps, weight, columns, lines, message, deadlock) => {
      const properties = ['own', ...(deadlock ? ['deadlock'] : []), message];
      const broken = properties.map((name) => ({
        property: name,
        message,
        step: steps.length,
        places: [],
      }));
      const orders = [orderOf(1, steps.length)];
      const explanation = {
        edges: [],
        orders,
        weight: weight.slice(0, steps.length),
      } as Explanation;
      const told = {
        replay: replayOf({ steps, broken }),
        property: 'own',
        explanation,
        messages: new Map(),
      };
      for (const line of scheduleLines(told, { columns, chalk, lines }).lines) {
        expect(width(line)).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(line).not.toMatch(/ $/);
      }
    },
  );
  fc.assert(property, { numRuns: 100 });
});

test('each step is in one row, by itself or folded, in their order', () => {
  const property = fc.property(
    fc.array(step, { maxLength: 30 }),
    fc.func(fc.boolean()),
    (steps, shown) => {
      const rows = rowsOf(storyOf(steps), (number) => shown(number));
      const told = rows.flatMap(({ number }) => {
        const [from, to = from] = number.split('-').map(Number);
        return number === '' ? [] : Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
      });
      expect(told).toEqual(steps.map((_, at) => at + 1));
      const alone = rows.filter(({ kind }) => kind === 'step').map(({ number }) => Number(number));
      expect(alone).toEqual(steps.map((_, at) => at + 1).filter((number) => shown(number)));
    },
  );
  fc.assert(property);
});

test('both layouts tell the same steps, changes and switches', () => {
  const rows = rowsOf(storyOf(sample.replay.steps), () => true);
  const squeezed = (lines: readonly string[]) => lines.join('\n').replace(/\n +/g, ' ');
  const [wide, narrow] = [squeezed(lanes(rows, 240, chalk)!), squeezed(stretches(rows, 80, chalk))];
  for (const row of rows) {
    for (const part of [row.text, ...row.changes]) {
      expect(wide).toContain(part);
      expect(narrow).toContain(part);
    }
  }
});

describe('a switch', () => {
  const [idle, waits] = [
    { thread: 'a', text: 'f()', holder: null, idle: true, since: 1 },
    { thread: 'a', text: 'mutex_lock(m)', holder: 'b', idle: false, since: 2 },
  ];
  const switches = (steps: readonly StepRecord[]) =>
    rowsOf(storyOf(steps), () => true)
      .filter(({ kind }) => kind === 'switch')
      .map((row) => row.text);
  const second = (enabled: string[], more: Partial<StepRecord> = {}) =>
    stepOf({ thread: 'b', text: 'g()', enabled, ...more });

  test('says nothing of a thread that could have gone on', () => {
    expect(switches([stepOf({ thread: 'a', text: 'f()' }), second(['a', 'b'])])).toEqual([
      'a runs',
      'b runs',
    ]);
  });

  test('says why a thread could not go on', () => {
    const after = (wait: StepRecord['waits']) =>
      switches([
        stepOf({ thread: 'b', text: 'mutex_lock(m)', taken: ['m'], held: ['m'] }),
        stepOf({ thread: 'a', text: 'f()', enabled: ['a'], waits: wait }),
        second(['b']),
      ]).at(-1);
    expect(after([])).toBe('b runs; a has finished');
    expect(after([idle])).toBe('b runs; a has no more to do');
    expect(after([waits])).toBe('b runs; a waits at mutex_lock(m), held by b since step 1');
    const handler = { ...waits, text: 'interrupted', holder: 'irq' };
    expect(after([handler])).toBe('b runs; a is interrupted by irq');
  });

  test('names the locks of who runs, not of who ran before', () => {
    const steps = [
      stepOf({ thread: 'b', text: 'mutex_lock(m)', taken: ['m'], held: ['m'] }),
      stepOf({ thread: 'a', text: 'f()', enabled: ['a'] }),
      second(['b']),
    ];
    const [row] = rowsOf(storyOf(steps), () => true)
      .filter(({ number }) => number === '')
      .slice(-1);
    expect(stretches([row!], 80, chalk)).toEqual(['--- b runs, holding m; a has finished ---']);
  });

  test('of those that a handler interrupts, tells only of who moves', () => {
    const stopped = (thread: string) =>
      ({ thread, text: 'interrupted', holder: 'irq', idle: false, since: 2 }) as const;
    const irq = { thread: 'irq', text: 'irq_enter()', waits: [stopped('a'), stopped('daemon')] };
    const steps = [
      stepOf({ thread: 'a', text: 'f()' }),
      stepOf(irq),
      stepOf({ ...irq, waits: [] }),
    ];
    const rows = rowsOf(storyOf(steps), () => true);
    expect(rows.filter(({ kind }) => kind === 'wait').map((row) => row.text)).toEqual([
      'a is interrupted by irq',
    ]);
  });

  test('says what a handler interrupts', () => {
    const interrupted = { thread: 'a', text: 'interrupted', holder: 'b', idle: false, since: 2 };
    const steps = [
      stepOf({ thread: 'a', text: 'f()' }),
      second(['a', 'b'], { waits: [interrupted] }),
    ];
    expect(switches(steps).at(-1)).toBe('b runs; it interrupts a');
  });

  test('does not say since when a lock is held that was given back in between', () => {
    const steps = [
      stepOf({ thread: 'b', text: 'mutex_lock(m)', taken: ['m'], held: ['m'] }),
      stepOf({ thread: 'b', text: 'mutex_unlock(m)', dropped: ['m'] }),
      stepOf({ thread: 'a', text: 'f()', waits: [waits] }),
      second(['b']),
    ];
    expect(switches(steps).at(-1)).toBe('b runs; a waits at mutex_lock(m), held by b');
  });

  test('says once that the running thread waits from now on', () => {
    const steps = [
      stepOf({ thread: 'b', text: 'mutex_lock(m)', taken: ['m'], held: ['m'] }),
      stepOf({ thread: 'a', text: 'f()', enabled: ['a'], waits: [waits] }),
      second(['b']),
    ];
    const rows = rowsOf(storyOf(steps), () => true);
    expect(rows.filter(({ text }) => text.includes('a waits'))).toHaveLength(1);
  });

  test('does not take one lock for another whose name it is part of', () => {
    const steps = [
      stepOf({ thread: 'b', text: 'mutex_lock(m)', taken: ['mutex', 'm2'], held: ['mutex', 'm2'] }),
      stepOf({ thread: 'a', text: 'f()', waits: [waits] }),
      second(['b']),
    ];
    expect(switches(steps).at(-1)).toBe('b runs; a waits at mutex_lock(m), held by b');
  });
});

describe('folding', () => {
  const many = Array.from({ length: 90 }, (_, at) =>
    stepOf({ thread: at < 60 ? 'a' : 'b', text: `f(${at + 1})`, enabled: ['a', 'b'] }),
  );
  const weight = many.map((_, at) => ([10, 70].includes(at + 1) ? 3 : 1));
  const fold = (lines: number, orders: Explanation['orders'] = []) =>
    scheduleLines(
      {
        replay: replayOf({ steps: many }),
        property: 'p',
        explanation: { edges: [], orders, weight } as Explanation,
        messages: new Map(),
      },
      { columns: 80, chalk, lines },
    );

  test('takes no more lines than there are, and keeps what matters', () => {
    for (const lines of [10, 20, 40]) {
      const { lines: told, folded } = fold(lines);
      expect(folded).toBe(true);
      expect(told.length).toBeLessThanOrEqual(lines);
      expect(told.join('\n')).toMatch(/^ *10 +f\(10\)$(.|\n)*^ *70 +f\(70\)$/m);
    }
    expect(fold(10).lines).toMatchInlineSnapshot(`
      [
        "       a      b      shared",
        "       --- a runs ---",
        "  1-9  9 steps: f .. f(9)",
        "   10  f(10)",
        "11-60  50 steps: f .. f(60)",
        "              --- b runs ---",
        "61-69         9 steps: f .. f(69)",
        "   70         f(70)",
        "71-89         19 steps: f .. f(89)",
        "   90         f(90)",
      ]
    `);
  });

  test('marks the orders that matter, and shows their steps whatever their weight', () => {
    const { lines } = fold(20, [orderOf(20, 80), orderOf(30, null)]);
    const marked = lines.filter((line) => /^[AB]/.test(line));
    expect(marked.map((line) => line.split(/ +/))).toEqual([
      ['A', '20', 'f(20)'],
      ['B', '30', 'f(30)'],
      ['A', '80', 'f(80)'],
    ]);
  });

  test('shows what must be shown though there is no room for it', () => {
    const { lines } = fold(1, [orderOf(20, 80)]);
    expect(lines.filter((line) => /^A/.test(line))).toHaveLength(2);
    expect(lines.join('\n')).not.toMatch(/^ *(10|70) /m);
  });

  test('has what the last step changed beside what it breaks, if both are whole', () => {
    const lastLine = (message: string): string | undefined => {
      const last = { ...many.at(-1)!, changes: [changeOf('x.done', '1', '0')] };
      const broken = [{ property: 'p', message: '', step: 90, places: [] }];
      const steps = [...many.slice(0, -1), last];
      const explanation = { edges: [], orders: [], weight } as Explanation;
      const told = { replay: replayOf({ steps, broken }), property: 'p', explanation };
      const other = { ...broken[0]!, property: message };
      const replay = message === '' ? told.replay : { ...told.replay, broken: [other] };
      const whole = { ...told, replay, messages: new Map() };
      return scheduleLines(whole, { columns: 40, chalk, lines: 8 }).lines.at(-1);
    };
    expect(lastLine('')).toBe('   90  f(90)  x.done: 1 -> 0  !! p');
    expect(lastLine('m'.repeat(30))).toMatch(/^ {3}90 {2}f\(90\) {2}!! m+/);
  });

  test('does not fold what fits', () => {
    const { lines, folded } = fold(93);
    expect(folded).toBe(false);
    expect(lines.filter((line) => /f\(\d+\)/.test(line))).toHaveLength(90);
  });
});

describe('a schedule', () => {
  test('has many threads, or no step at all', () => {
    const [first] = sample.replay.steps;
    const steps = Array.from({ length: 16 }, (_, i) => ({
      ...first!,
      thread: `kworker_number_${i}`,
    }));
    const crowded = tell({ ...sample.replay, steps }, 80).join('\n');
    for (let i = 0; i < 16; i++) expect(crowded).toContain(`--- kworker_number_${i} runs`);
    expect(tell({ ...sample.replay, steps: [], broken: [] }, 80)).toEqual(['at the start']);
  });

  test('of several runs is told run by run', () => {
    const { steps } = sample.deadlock;
    const lines = tell({ ...sample.deadlock, earlier: [steps.slice(0, 1), []] }, 80);
    expect(lines.filter((line) => /^run|^at/.test(line))).toEqual([
      'run 1 of 3, from the start',
      'run 2 of 3, from the start',
      'at the start',
      'run 3 of 3, from the start',
    ]);
  });

  test('shows a breach once: of its own property the last time, of others the first', () => {
    const at = (property: string, step: number) => ({ property, message: 'm', step, places: [] });
    const broken = [at('other', 1), at('own', 1), at('other', 2), at('own', 2)];
    const told = { replay: { ...sample.deadlock, broken }, property: 'own', explanation: null };
    const { lines } = scheduleLines({ ...told, messages: new Map() }, everything);
    const order = lines.filter((line) => /!!|^\d /.test(line)).map((line) => line.split('  ')[0]);
    expect(order).toEqual(['1', '!! other: m', '2', '!! own']);
  });
});

test('tells threads with long, similar names apart', () => {
  const name = (i: number) => `kworker/${i}-memcg_kmem_cache`;
  const short = abbreviateAll([name(0), name(1), 'alloc'], 14);
  expect([...short.values()]).toEqual(['kworker/0-me..', 'kworker/1-me..', 'alloc']);
  const hopeless = abbreviateAll(['a'.repeat(30), `${'a'.repeat(15)}b${'a'.repeat(14)}`], 10);
  expect(new Set(hopeless.values()).size).toBe(2);
});

describe('columns', () => {
  const site = { file: 's.ts', line: 1, fn: 'f', text: '' };
  const own = (thread: string, text: string) => stepOf({ thread, text, site, calls: [site] });
  const below = (thread: string, text: string) => stepOf({ thread, text });
  const heads = (steps: readonly StepRecord[], columns: number) =>
    lanes(
      rowsOf(storyOf(steps), () => true),
      columns,
      chalk,
    )?.[0]?.trim();

  test('are in the order in which threads move first', () => {
    const steps = [own('b', 'f()'), own('a', 'g()'), own('b', 'h()')];
    expect(heads(steps, 120)).toMatch(/^b +a +shared$/);
  });

  test('of threads below the spec become one where that leaves statements whole', () => {
    const long = (letter: string) => `${letter.repeat(40)}()`;
    const steps = [
      own('a', long('a')),
      below('timer/0', long('t')),
      own('b', long('b')),
      below('rcu_gp', long('r')),
    ];
    expect(heads(steps, 250)).toMatch(/^a +timer\/0 +b +rcu_gp +shared$/);
    expect(heads(steps, 180)).toMatch(/^a +b +timer\/0, rcu_gp +shared$/);
  });
});

test('what a thread does that is not shown is in the column of the thread', () => {
  const steps = [
    ...Array.from({ length: 8 }, () => stepOf({ thread: 'a', text: 'f()' })),
    ...Array.from({ length: 8 }, () => stepOf({ thread: 'b', text: 'g()' })),
  ];
  const rows = rowsOf(storyOf(steps), (step) => step === 1 || step === 16);
  const lines = lanes(rows, 120, chalk)!;
  const at = (part: string) => lines.find((line) => line.includes(part))!.indexOf(part);
  expect(at('7 steps: f .. f()')).toBe(lines[0]!.indexOf('a'));
  expect(at('7 steps: g .. g()')).toBe(lines[0]!.indexOf('b'));
});

test('in brief a thread that is an RCU reader is told only where an order is about that', () => {
  const steps = [
    stepOf({ thread: 'a', text: 'rcu_read_lock()', changes: [changeOf('rcu:a', 'NULL', '[]')] }),
  ];
  const told = (objects: readonly string[]) =>
    rowsOf(storyOf(steps, { objects: new Set(objects) }), () => true).flatMap((row) => row.changes);
  expect(told([])).toEqual([]);
  expect(told(['rcu:a'])).toEqual(['a enters an RCU reader']);
});
