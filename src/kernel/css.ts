import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import type { Embedded } from './memory.ts';

/**
 * Reference counts of cgroup states (include/linux/cgroup.h, kernel/cgroup/cgroup.c). The kernel
 * uses a percpu_ref; the per-CPU mode only means that zero cannot be seen before the kill, and the
 * base reference is dropped by the kill, so one plain count tells the same story. The put that
 * reaches zero runs the release (css_release, which the kernel defers to a work).
 */
export type CssRelease = (css: Css) => Steps<unknown>;

export interface CssState {
  readonly count: number;
  /** Not killed yet. */
  readonly online: boolean;
}

export class Css extends Shared<CssState> {
  readonly release: CssRelease | null;
  /** CSS_NO_REF: a root css, for which gets and puts do nothing. */
  readonly noRef: boolean;

  constructor(
    name: string,
    owner: Struct | null,
    release: CssRelease | null,
    initial: Partial<CssInitial> = {},
  ) {
    super(name, { count: initial.count ?? 1, online: true }, owner);
    this.release = release;
    this.noRef = initial.noRef ?? false;
  }
}

interface CssInitial {
  /** References held, the base one included. */
  readonly count: number;
  readonly noRef: boolean;
}

/** `struct cgroup_subsys_state` inside a heap struct, online, with its base reference. */
export function css(release: CssRelease | null = null): Embedded<Css, Partial<CssInitial>> {
  return { embed: (name, owner, initial) => new Css(name, owner, release, initial) };
}

export function css_get(css: Css): Operation<void> {
  return css_get_many(css, 1);
}

export function css_get_many(css: Css, n: number): Operation<void> {
  return operation<void>({
    name: n === 1 ? 'css_get' : 'css_get_many',
    args: n === 1 ? [css] : [css, n],
    writes: [css],
    step: ([state]) => ({
      result: undefined,
      values: [css.noRef ? state : { ...state, count: state.count + n }],
      reports:
        state.count === 0
          ? [misuse(css, 'css get at zero', 'is taken after its count reached 0')]
          : [],
    }),
  });
}

/** Fails when the count is zero. */
export function css_tryget(css: Css): Operation<boolean> {
  return tryget('css_tryget', css, (state) => state.count > 0);
}

/** Fails once the css is killed. */
export function css_tryget_online(css: Css): Operation<boolean> {
  return tryget('css_tryget_online', css, (state) => state.online);
}

export function* css_put(css: Css): Steps {
  yield* css_put_many(css, 1);
}

export function* css_put_many(css: Css, n: number): Steps {
  const last = yield* put(n === 1 ? 'css_put' : 'css_put_many', css, n);
  if (last && css.release) yield* css.release(css);
}

/**
 * The kill of the css: from here it is not online. The base reference stays for the offline work,
 * which puts it when it is done (kill_css takes one and the kill drops one).
 */
export function css_kill(css: Css): Operation<void> {
  return operation<void>({
    name: 'css_kill',
    args: [css],
    writes: [css],
    step: ([state]) => ({ result: undefined, values: [{ ...state, online: false }] }),
  });
}

function put(name: string, css: Css, n: number): Operation<boolean> {
  return operation<boolean>({
    name,
    args: n === 1 ? [css] : [css, n],
    writes: [css],
    step: ([state]: readonly CssState[]) => {
      if (css.noRef) return { result: false };
      const count = state!.count - n;
      return {
        result: count === 0,
        values: [{ ...state!, count }],
        reports: count < 0 ? [misuse(css, 'css underflow', `is put at ${state!.count}`)] : [],
      };
    },
  });
}

function tryget(name: string, css: Css, may: (state: CssState) => boolean): Operation<boolean> {
  return operation<boolean>({
    name,
    args: [css],
    writes: [css],
    step: ([state]) =>
      may(state)
        ? { result: true, values: [css.noRef ? state : { ...state, count: state.count + 1 }] }
        : { result: false },
  });
}

function misuse(css: Css, rule: string, what: string): Report {
  return {
    rule,
    message: `css ${css.name} ${what}`,
    object: css.name,
    ...(css.owner ? { type: css.owner.type } : {}),
    crash: true,
  };
}
