import { describe, expect, test } from 'vitest';
import { graphOf } from '../../../src/report/html/graph.ts';

const graph = (...orders: string[]) =>
  graphOf({
    edges: orders.map((order) => {
      const [from, to] = order.split(' ') as [string, string];
      return { from, to, recursive: false, reports: [] };
    }),
  });

const told = (which: 'back' | 'implied', ...orders: string[]): string[] =>
  graph(...orders)
    .edges.filter((edge) => edge[which])
    .map(({ from, to }) => `${from} ${to}`);

describe('layers', () => {
  test('a class stands below all that are held as it is asked for', () => {
    expect(graph('a b', 'b c', 'a c', 'x c').layers).toEqual([['a', 'x'], ['b'], ['c']]);
  });

  test('each class is near those above it', () => {
    expect(graph('a y', 'b x').layers).toEqual([
      ['a', 'b'],
      ['y', 'x'],
    ]);
  });

  test('a circle has one order against the layers', () => {
    expect(told('back', 'a b', 'b c', 'c a')).toEqual(['c a']);
    expect(graph('a b', 'b c', 'c a').layers).toEqual([['a'], ['b'], ['c']]);
    expect(told('back', 'a b', 'b a', 'x y', 'y x')).toEqual(['b a', 'y x']);
  });
});

test('what follows from others is told from what does not', () => {
  expect(told('implied', 'a b', 'b c', 'a c', 'c d', 'a d')).toEqual(['a c', 'a d']);
  expect(told('implied', 'a b', 'b a')).toEqual([]);
});
