import MagicString, { type SourceMap } from 'magic-string';

interface Wrap {
  readonly start: number;
  readonly end: number;
  readonly open: string;
  readonly close: string;
  /** Among wraps of the same range, the higher rank is the outer one. */
  readonly rank: number;
}

/** Insertions into a source text that nest properly, whatever order they are asked for in. */
export class Edits {
  private readonly source: string;
  private readonly wraps: Wrap[] = [];
  private readonly starts: { at: number; text: string }[] = [];
  private readonly ends: { at: number; text: string }[] = [];
  private readonly replacements: { start: number; end: number; text: string }[] = [];

  constructor(source: string) {
    this.source = source;
  }

  wrap(range: Range, open: string, close: string, rank: number): void {
    this.wraps.push({ start: range.start, end: range.end, open, close, rank });
  }

  /** Right after an opening brace; in the order of the calls. */
  atStart(at: number, text: string): void {
    this.starts.push({ at, text });
  }

  /** Right before a closing brace; in the order of the calls. */
  atEnd(at: number, text: string): void {
    this.ends.push({ at, text });
  }

  replace(start: number, end: number, text: string): void {
    this.replacements.push({ start, end, text });
  }

  apply(file: string): { code: string; map: SourceMap } {
    const text = new MagicString(this.source);
    const size = ({ start, end }: Wrap): number => end - start;
    for (const { at, text: inserted } of this.starts) text.appendLeft(at, inserted);
    const inward = [...this.wraps].sort((a, b) => size(a) - size(b) || a.rank - b.rank);
    for (const { end, close } of inward) text.appendLeft(end, close);
    for (const { at, text: inserted } of this.ends) text.appendLeft(at, inserted);
    for (const { start, open } of inward.reverse()) text.appendRight(start, open);
    for (const { start, end, text: other } of this.replacements) text.update(start, end, other);
    const map = text.generateMap({ source: file, includeContent: true, hires: 'boundary' });
    return { code: text.toString(), map };
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}
