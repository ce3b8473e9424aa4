/** `@models <file> <function> <version>` above a function of a spec. */
export interface Link {
  /** In the kernel's tree: `mm/slab_common.c`. */
  readonly cFile: string;
  readonly cFunction: string;
  /** Which one it was written after: `v5.3`. */
  readonly version: string;
  readonly specFile: string;
  /** Of the tag, from 1. */
  readonly specLine: number;
  readonly specFunction: string;
  /** First and last line of the function, from 1. */
  readonly specLines: readonly [first: number, last: number];
  readonly specText: readonly string[];
  /** Of the function's tokens: comments and layout do not count. */
  readonly specDigest: string;
}

/** What `links.json` keeps of a link. No text of the C is in it. */
export interface LinkRecord {
  readonly cFile: string;
  readonly cFunction: string;
  readonly version: string;
  readonly specFile: string;
  readonly specFunction: string;
  readonly specDigest: string;
  /** Of all definitions of the function with their conditions. */
  readonly digest: string;
  readonly definitions: readonly DefinitionRecord[];
}

/** One for each `#if` that has a definition of its own. */
export interface DefinitionRecord {
  readonly conditions: readonly string[];
  /** The first line, from 1, in the file of that version. */
  readonly line: number;
  /** A short digest for each line; empty for one without tokens. */
  readonly lines: readonly string[];
}

export type LinkWord =
  /** There is a record; no tree was given to compare it with. */
  | 'recorded'
  /** The C is as recorded. */
  | 'unchanged'
  /** Both changed since they were recorded: `--accept` records it. */
  | 'both changed'
  /** The C changed, and the spec did not. */
  | 'changed'
  | 'moved'
  /** The function is gone, or the file. */
  | 'gone'
  /** A macro makes it, so it has no text of its own. */
  | 'macro'
  /** Declared, and defined elsewhere. */
  | 'declared'
  | 'unreadable'
  /** There is a link without a record, or a record without a link. */
  | 'not recorded'
  | 'no link';

/** What became of one link, or of a record that has none. */
export interface LinkCheck {
  /** Null: of a record alone. */
  readonly link: Link | null;
  /** `mm/slab_common.c kmemcg_cache_deactivate v5.3` */
  readonly subject: string;
  readonly word: LinkWord;
  readonly ok: boolean;
  /** In one line. What passes has one only if a person should read it. */
  readonly reason: string;
  /** To be printed below as they are: the lines that changed, beside those of the spec. */
  readonly details: readonly string[];
  /** What `--accept` keeps; null where the C is not there to be recorded, and for a record alone. */
  readonly record: LinkRecord | null;
}
