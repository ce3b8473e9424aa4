import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { shownPath } from './places.ts';

/** Files of a spec, as its source map names them: those of no step are among them. */
export function filesOfCode(code: string): string[] {
  const [, data] =
    /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(code) ?? [];
  if (data === undefined) return [];
  const { sources } = JSON.parse(Buffer.from(data, 'base64').toString()) as { sources: string[] };
  const files = sources.filter((source) => source.startsWith('file:')).map((s) => fileURLToPath(s));
  return files.filter((file) => !/[\\/]node_modules[\\/]/.test(file)).sort();
}

/** Where a variant is declared; null where it is not to be seen, as of one that a function makes. */
export async function placeOfVariant(
  files: readonly string[],
  variant: string,
): Promise<{ readonly file: string; readonly line: number } | null> {
  // Not above: a gate that is green needs no parser.
  const { children, parse } = await import('./syntax.ts');
  const { position } = await import('./errors.ts');
  type Node = Parameters<typeof children>[0];
  const found: { file: string; line: number; sure: boolean }[] = [];
  for (const file of files.filter((name) => /\.m?[jt]s$/.test(name))) {
    const source = readFileSync(file, 'utf8');
    const visit = (node: Node, inside: boolean): void => {
      let sure = inside;
      if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
        sure ||= node.id.name === 'variants';
      }
      if (node.type === 'Property' && !node.computed) {
        const { key } = node;
        const name =
          key.type === 'Identifier' ? key.name : key.type === 'Literal' ? `${key.value}` : null;
        if (name === variant) {
          found.push({ file: shownPath(file), line: position(source, key.start).line, sure });
        }
        sure ||= name === 'variants';
      }
      for (const child of children(node)) visit(child, sure);
    };
    visit(parse(source, file).program, false);
  }
  // Its name may stand elsewhere too.
  const { file, line } = found.find(({ sure }) => sure) ?? found[0] ?? {};
  return file === undefined || line === undefined ? null : { file, line };
}
