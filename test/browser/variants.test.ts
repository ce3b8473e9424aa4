import { describe, expect, test } from 'vitest';
import { DYING, reports } from './report.ts';
import { click, drawn, textOf, textsOf } from './visit.ts';

const { at } = reports();

describe('from the list to a step', () => {
  test('all variants with verdict, what was expected, and size', () =>
    at('', {}, async (page) => {
      expect(await textOf(page, 'h1')).toBe('3 variants of 9 not as expected');
      expect(await textsOf(page, '.list .group h2')).toEqual([
        ...['kmem-cache-dying', 'abba', 'lock-cycle', 'slab', 'specs/bad.ts'],
      ]);
      const [seed] = await textsOf(page, '.list .variant');
      expect(seed).toMatch(/^seedviolated[\d,]+ states$/);
      expect((await textsOf(page, '.list .variant .alarm')).length).toBe(3);
      expect((await textsOf(page, '.list li ul a')).slice(0, 2)).toEqual([
        'P6: no callback or work for a child after flush_memcg_workqueue',
        'P1: no callback, work or release touches a freed cache',
      ]);
    }));

  test('those of one verdict, or with a word in them', () =>
    at('', {}, async (page) => {
      const shown = () =>
        page.$$eval('.list .variant', (all) =>
          all.filter((each) => each.checkVisibility()).map((each) => each.firstChild!.textContent),
        );
      const all = await shown();
      await click(page, '.list .choices button:nth-child(2)');
      expect(await shown()).toEqual(['seed', 'bad', 'bad']);
      await page.type('.list input', 'freed cache');
      expect(await shown()).toEqual(['seed']);
      await click(page, '.list .choices button:first-child');
      await page.$eval('.list input', (input) => (input as HTMLInputElement).select());
      await page.keyboard.press('Backspace');
      expect(await shown()).toEqual(all);
    }));

  test('a click each', () =>
    at('', {}, async (page) => {
      await click(page, '.list .variant');
      expect(await textOf(page, 'h1')).toMatch(/^seed\s*violated$/);
      expect(await page.$eval('.list a[aria-current]', (link) => link.className)).toBe('variant');
      await click(page, '.page td a');
      expect(await textOf(page, 'h1')).toMatch(/^P6: no callback or work/);
      await click(page, '.list li ul li:nth-child(2) a');
      expect(await textOf(page, 'h1')).toBe(
        'P1: no callback, work or release touches a freed cache',
      );
      expect(await textOf(page, '.list a[aria-current]')).toMatch(/^P1: /);
      await page.evaluate(() => history.back());
      await drawn(page);
      await drawn(page);
      expect(await textOf(page, 'h1')).toMatch(/^P6: /);
    }));

  test('what a proof is worth', () =>
    at('#spec=slab&variant=v5.4', {}, async (page) => {
      expect(await textOf(page, '.facts')).toContain('12,345 states');
      expect(await textOf(page, '.rules')).toMatch(/^All other rules were checked too.*none was/);
      expect(await textOf(page, '.coverage summary')).toMatch(/slab\.ts.*1 explained/s);
    }));

  test('what stands in the way of a verdict', () =>
    at('#spec=specs%2Fbad.ts&variant=', {}, async (page) => {
      expect(await textOf(page, '.message')).toContain('Expected "}" but found end of file');
    }));

  test('lines that schedules reached, and those that they did not', () =>
    at(DYING, {}, async (page) => {
      const names = await textsOf(page, '.coverage summary code');
      expect(names).toContain('slab_common.ts');
      const summaries = await page.$$('.coverage summary');
      await summaries[names.indexOf('slab_common.ts')]!.click();
      await page.waitForSelector('.lines .reached');
      expect(await textsOf(page, '.lines .excused .mark')).toContain(
        'not reached: where the caches are not SLAB_TYPESAFE_BY_RCU',
      );
    }));
});
