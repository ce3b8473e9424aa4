import type { Finding, Sighting } from '../explore/findings.ts';
import type { Buffers, Part } from '../explore/growth.ts';
import type { Without } from '../explore/optimisations.ts';
import type { Asked } from '../model/branches.ts';
import type { Bundle } from '../spec/kept.ts';
import type { Lessons, Parcel } from './peer.ts';

/** What a worker needs to begin: the bytes of the spec and the configuration to check. */
export interface Assignment {
  readonly file: string;
  readonly bundle: Bundle;
  readonly variant: string;
  readonly params: Readonly<Record<string, number>>;
}

/** Objects each property was seen to read, by property name: knowledge that a reduction relies on. */
export type Footprints = ReadonlyMap<string, readonly string[]>;

/** From the coordinator to a worker. Each is answered by exactly one `Answer`. */
export type Order =
  | {
      readonly do: 'begin';
      readonly reduce: boolean;
      readonly without: Without;
      readonly known: Lessons;
      /** What the round does not know of. */
      readonly since: Lessons;
      readonly footprints: Footprints;
    }
  | { readonly do: 'take'; readonly known: Lessons; readonly states: Parcel }
  | { readonly do: 'give'; readonly keep: number }
  | { readonly do: 'grow'; readonly buffers: Buffers; readonly part: Part }
  | {
      readonly do: 'expand';
      readonly level: number;
      readonly known: Lessons;
      readonly table: SharedArrayBuffer;
      /** What properties were seen to read before this level, by any worker. */
      readonly footprints: Footprints;
      /** Witnesses found before this level, by any worker. */
      readonly witnessed: readonly string[];
      /** Go on with a level that the full table interrupted. */
      readonly again: boolean;
    };

export interface Answer {
  /** States waiting: of the next level after an `expand`, of this level after the others. */
  readonly count: number;
  readonly full: boolean;
  readonly learned: Lessons;
  readonly footprints: Footprints;
  /** Since the last answer. */
  readonly transitions: number;
  readonly finalStates: number;
  readonly findings: readonly Finding[];
  readonly witnessed: readonly string[];
  /** What properties' conditions came to. */
  readonly asked: Asked;
  /** Locks that some thread waited for. */
  readonly contended: readonly string[];
  /** What lockdep saw in this round. */
  readonly facts: ReadonlyMap<string, Sighting>;
  readonly states: Parcel | null;
  readonly error: { readonly name: string; readonly message: string } | null;
}
