import type { Replay } from '../explore/outcome.ts';
import type { Data } from '../model/data.ts';
import type { Replayed } from './reporter.ts';

/**
 * A trace in the Informal Trace Format, which the tools of TLA+ and Quint read:
 * https://apalache-mc.org/docs/adr/015adr-trace.html. The variables are the shared objects and, as
 * PlusCal names it, `pc`: where each thread is. Null when there is nothing to tell of the trace.
 */
export function itfOfReplay(replayed: Replayed): string | null {
  if (replayed.reproduced === null) return null;
  const { trace, variant, replay, reproduction } = replayed.reproduced;
  const named = new Names();
  const vars = replay.initial.map(({ name }) => named.take(name));
  const params = Object.keys(trace.params).map((name) => named.take(name));
  const pc = named.take('pc');
  const status = reproduction.result === 'reproduced' ? 'violation' : reproduction.result;
  const states = statesOf(replay).map(({ meta, values, places }) => ({
    '#meta': meta,
    ...Object.fromEntries(vars.map((name, at) => [name, expression(values[at]!)])),
    [pc]: { '#map': places },
  }));
  const itf = {
    '#meta': {
      format: 'ITF',
      'format-description': 'https://apalache-mc.org/docs/adr/015adr-trace.html',
      source: trace.spec.file,
      status,
      description: `${trace.spec.name}/${variant}: ${trace.property}: ${reproduction.message}`,
    },
    ...(params.length > 0 && { params }),
    vars: [...vars, pc],
    states: states.map((state, at) => (at === 0 ? { ...state, ...parameters() } : state)),
  };
  return `${JSON.stringify(itf, null, 2)}\n`;

  function parameters() {
    const values = Object.values(trace.params);
    return Object.fromEntries(params.map((name, at) => [name, expression(values[at]!)]));
  }
}

/** Names as they are, as far as no other has them and the format does not: it begins its own by `#`. */
class Names {
  private readonly taken = new Set<string>();

  take(name: string): string {
    let free = fieldName(name);
    while (this.taken.has(free)) free += '_';
    this.taken.add(free);
    return free;
  }
}

function fieldName(name: string): string {
  return name.startsWith('#') ? `_${name}` : name;
}

interface State {
  readonly meta: object;
  /** Of the objects, in their order. */
  readonly values: readonly Data[];
  /** By thread, where it is. */
  readonly places: readonly (readonly [thread: string, place: string])[];
}

function statesOf(replay: Replay): State[] {
  const { initial, steps } = replay;
  const position = new Map(initial.map(({ name }, at) => [name, at]));
  const values = initial.map(({ data }) => data);
  const states: State[] = [
    { meta: { index: 0 }, values: [...values], places: placesAt(replay, 0) },
  ];
  steps.forEach(({ thread, text, result, site, changes, reports }, at) => {
    for (const { object, data } of changes) values[position.get(object)!] = data;
    const meta = {
      index: at + 1,
      thread,
      statement: text,
      result,
      place: site ? `${site.file}:${site.line}` : '',
      ...(reports.length > 0 && {
        reports: reports.map(({ rule, message }) => ({ rule, message })),
      }),
    };
    states.push({ meta, values: [...values], places: placesAt(replay, at + 1) });
  });
  return states;
}

/** What each thread does next, or waits for in the end; '' where the schedule does not come to it. */
function placesAt({ threads, steps }: Replay, at: number): (readonly [string, string])[] {
  return threads.map(({ name }) => {
    const next = steps.slice(at).find(({ thread }) => thread === name);
    if (next) {
      const { site, text } = next;
      return [name, site ? `${site.file}:${site.line} ${site.fn}: ${text}` : text];
    }
    const wait = steps.at(-1)?.waits.find(({ thread }) => thread === name);
    return [name, wait ? `waits: ${wait.text}` : ''];
  });
}

/** A value as an expression; NULL, which the format has no word for, by its name. */
function expression(value: Data): unknown {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return numberExpression(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(expression);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [fieldName(name), expression(field)]),
  );
}

function numberExpression(value: number): unknown {
  if (!Number.isInteger(value)) return { '#unserializable': String(value) };
  // Beyond that, JSON does not promise that a reader keeps it.
  return Number.isSafeInteger(value) ? value : { '#bigint': BigInt(value).toString() };
}
