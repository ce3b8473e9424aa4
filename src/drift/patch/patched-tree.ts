import { type CFile, parsed, Tree } from '../tree.ts';

/** A tree with changes that are not written to it. */
export class PatchedTree extends Tree {
  private readonly base: Tree;
  /** Null: deleted. */
  private readonly written = new Map<string, Promise<CFile> | null>();
  private readonly texts = new Map<string, string | null>();

  constructor(base: Tree) {
    super(base.folder);
    this.base = base;
  }

  override async text(name: string): Promise<string | null> {
    const text = this.texts.get(name);
    return text === undefined ? this.base.text(name) : text;
  }

  override async file(name: string): Promise<CFile | null> {
    const text = this.texts.get(name);
    if (text === undefined) return this.base.file(name);
    const known = this.written.get(name) ?? (text === null ? null : parsed(text));
    this.written.set(name, known);
    return known;
  }

  write(name: string, text: string | null): void {
    this.texts.set(name, text);
    this.written.delete(name);
  }
}
