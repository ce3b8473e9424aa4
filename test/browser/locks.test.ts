import { describe, expect, test } from 'vitest';
import { reports } from './report.ts';
import { click, textOf, textsOf } from './visit.ts';

const { at } = reports();

describe('locks', () => {
  test('a deadlock: who waits for whom, since when', () =>
    at('#spec=abba&variant=bad&trace=1&step=2', {}, async (page) => {
      expect(await textsOf(page, '.threads .waits')).toEqual([
        'waits: mutex_lock(b), held by ba, since step 2',
        'waits: mutex_lock(a), held by ab, since step 2',
      ]);
      expect(await textsOf(page, '.wait title')).toHaveLength(2);
    }));

  test('a report of lockdep has all the runs that it comes from', () =>
    at('#spec=lock-cycle&variant=bad&trace=2', {}, async (page) => {
      expect(await textsOf(page, '.runs a')).toEqual(['run 1', 'run 2', 'run 3']);
      expect(await textOf(page, '.runs a[aria-current]')).toBe('run 3');
      const last = await textOf(page, '.chips');
      await click(page, '.runs a');
      expect(await textOf(page, '.runs a[aria-current]')).toBe('run 1');
      expect(await textOf(page, '.chips')).not.toBe(last);
    }));

  test('the graph of their order, drawn and as a table', () =>
    at('#spec=lock-cycle&variant=bad', {}, async (page) => {
      expect(await textsOf(page, '.graph .class.broken text')).toEqual(['a', 'b', 'c']);
      expect(await page.$$('.graph .order.broken')).toHaveLength(3);
      expect(await page.$eval('.graph svg', (each) => each.getAttribute('aria-label'))).toBe(
        'Lock order: a before b, b before c, c before a',
      );
      await click(page, '.graph + details summary');
      expect(await textsOf(page, '.graph + details tbody td:nth-child(-n+2)')).toEqual([
        ...['a', 'b', 'b', 'c', 'c', 'a'],
      ]);
    }));

  test('an order that is kept has nothing to show in red', () =>
    at('#spec=lock-cycle&variant=fixed', {}, async (page) => {
      expect(await page.$$('.graph .order.broken')).toEqual([]);
      expect(await page.$$('.graph .order.plain')).toHaveLength(2);
    }));
});
