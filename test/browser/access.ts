import type { Page } from 'puppeteer-core';

/** Things to act on that a person who does not see the page could not tell from each other. */
export async function nameless(page: Page): Promise<string[]> {
  const tree = await page.accessibility.snapshot({ interestingOnly: false });
  const found: string[] = [];
  const acted = new Set([
    'button',
    'link',
    'searchbox',
    'textbox',
    'checkbox',
    'DisclosureTriangle',
  ]);
  const walk = (node: NonNullable<typeof tree>): void => {
    if (acted.has(node.role) && (node.name ?? '').trim() === '') found.push(node.role);
    for (const child of node.children ?? []) walk(child);
  };
  if (tree) walk(tree);
  return found;
}

/** Texts whose colour is too near to that of their ground: below 4.5 to 1 (WCAG 2.2, 1.4.3). */
export async function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const parse = (colour: string): [number, number, number, number] => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data as unknown as number[];
      return [r!, g!, b!, a! / 255];
    };
    const luminance = (colour: readonly number[]): number => {
      const [r, g, b] = colour.slice(0, 3).map((each) => {
        const part = each / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const groundOf = (element: Element): number[] => {
      for (let each: Element | null = element; each; each = each.parentElement) {
        const ground = parse(getComputedStyle(each).backgroundColor);
        if (ground[3] > 0.8) return ground;
      }
      return [255, 255, 255];
    };
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const own = [...element.childNodes].some(
        (node) => node instanceof Text && node.data.trim() !== '',
      );
      const drawn = element.checkVisibility() && !element.closest('svg, [disabled], script, style');
      if (!own || !drawn) continue;
      const [ink, ground] = [parse(getComputedStyle(element).color), groundOf(element)];
      const [a, b] = [luminance(ink), luminance(ground)].sort((x, y) => y - x);
      const contrast = (a! + 0.05) / (b! + 0.05);
      if (contrast < 4.5)
        found.push(
          `${contrast.toFixed(2)} ${element.className}: ${element.textContent!.slice(0, 40)}`,
        );
    }
    return found;
  });
}

/** Texts that lie over each other, or out of the page. */
export async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth)
      found.push('the page is wider than it is');
    const boxes = document.querySelectorAll<HTMLElement>(
      '.top, main, main header, .controls, .panel > *',
    );
    for (const box of boxes) {
      const { overflowX, overflowY } = getComputedStyle(box);
      const wide = overflowX === 'visible' && box.scrollWidth > box.clientWidth + 1;
      const high = overflowY === 'visible' && box.scrollHeight > box.clientHeight + 1;
      if (wide || high) found.push(`${box.className} does not hold what is in it`);
    }
    const parts = [...document.querySelectorAll<HTMLElement>('.panel > *')].map((each) =>
      each.getBoundingClientRect(),
    );
    parts.forEach((part, i) => {
      const above = parts[i - 1];
      if (above && above.bottom > part.top + 1) found.push(`parts ${i} and ${i + 1} of the panel`);
    });
    return found;
  });
}
