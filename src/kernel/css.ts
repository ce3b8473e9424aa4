import { type Operation, operation, renamed, type Steps } from '../model/operation.ts';
import type { Struct } from '../model/shared.ts';
import { together } from './ghost.ts';
import type { Embedded } from './memory.ts';
import {
  PercpuRef,
  percpu_ref_get_many,
  percpu_ref_tryget,
  percpu_ref_tryget_live,
  put,
  type RefState,
  type Release,
  started,
} from './percpu-refcount.ts';

/**
 * Reference counts of cgroup states (include/linux/cgroup.h, kernel/cgroup/cgroup.c): percpu_refs
 * that are killed when the cgroup is removed. The put that reaches zero runs the release (css_release).
 *
 * A spec whose question is the count itself asks for per-CPU mode and kills with
 * percpu_ref_kill_and_confirm. For the others one atomic count tells the same story as long as every
 * put comes after its get: the base reference keeps it from zero until the kill.
 */
export type CssRelease = (css: Css) => Steps<unknown>;

export class Css extends PercpuRef {
  /** CSS_NO_REF: a root css, for which gets and puts do nothing. */
  readonly noRef: boolean;

  constructor(name: string, owner: Struct | null, initial: RefState, noRef: boolean) {
    super(name, owner, initial);
    this.noRef = noRef;
  }
}

export interface CssInitial {
  /** References held, the base one included. */
  readonly count?: number;
  readonly noRef?: boolean;
  /** Per-CPU until the kill, as in the kernel. */
  readonly percpu?: boolean;
  /** It was killed, and the offline work has not run: `count` has the reference of that. */
  readonly killed?: boolean;
}

/** `struct cgroup_subsys_state` inside a heap struct, online, with its base reference. */
export function css(release: CssRelease | null = null): Embedded<Css, CssInitial> {
  return {
    declares: 'css()',
    embed: (name, owner, { noRef = false, percpu = false, ...initial } = {}) => {
      const flags = percpu ? 0 : 'PERCPU_REF_INIT_ATOMIC';
      const state = started({ release: release as Release | null, flags, ...initial });
      return new Css(name, owner, state, noRef);
    },
  };
}

export function css_get(css: Css): Operation<void> {
  return css_get_many(css, 1);
}

export function css_get_many(css: Css, n: number): Operation<void> {
  const name = n === 1 ? 'css_get' : 'css_get_many';
  return css.noRef
    ? uncounted<void>(name, css, undefined)
    : renamed(name, percpu_ref_get_many(css, n));
}

/** Fails when the count is zero. */
export function css_tryget(css: Css): Operation<boolean> {
  return try_to_get('css_tryget', css, percpu_ref_tryget);
}

/** Fails once the css is killed. */
export function css_tryget_online(css: Css): Operation<boolean> {
  return try_to_get('css_tryget_online', css, percpu_ref_tryget_live);
}

export function* css_put(css: Css): Steps {
  yield* css_put_many(css, 1);
}

/** `also`: notes taken as the references are dropped, before the release. */
export function* css_put_many(css: Css, n: number, ...also: readonly Operation<void>[]): Steps {
  const name = n === 1 ? 'css_put' : 'css_put_many';
  const dropped = css.noRef
    ? uncounted<Release | undefined>(name, css, undefined)
    : renamed(name, put(css, n));
  const release = yield* together(dropped, ...also);
  if (release) yield* release(css);
}

/**
 * kill_css() of a css that is one atomic count: from here it is not online. The base reference stays
 * for the offline work, which puts it when it is done (kill_css takes one and the kill drops one).
 */
export function css_kill(css: Css): Operation<void> {
  return operation<void>({
    name: 'css_kill',
    args: [css],
    writes: [css],
    step: ([state]) => ({ result: undefined, values: [{ ...state, dead: true }] }),
  });
}

function try_to_get(
  name: string,
  css: Css,
  tryget: (ref: PercpuRef) => Operation<boolean>,
): Operation<boolean> {
  return css.noRef ? uncounted(name, css, true) : renamed(name, tryget(css));
}

/** It touches the memory, no more. */
function uncounted<R>(name: string, css: Css, result: R): Operation<R> {
  return operation<R>({ name, args: [css], reads: [css], step: () => ({ result }) });
}
