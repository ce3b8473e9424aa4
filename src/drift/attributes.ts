import { blank, closing, endOf, tokensOf } from './tokens.ts';

/**
 * Macros of the kernel that the compiler sees as attributes, or not at all. They stand where the
 * grammar of C allows no word, and a parser that expands nothing trips over them.
 */

const WORDS: ReadonlySet<string> = new Set(
  `asmlinkage fastcall notrace noinline noinline_for_stack noinstr nokprobe_inline
  __init __initdata __initconst __init_or_module __init_memblock __net_init __net_exit __exit
  __exitdata __meminit __memexit __cpuinit __cpuexit __devinit __devexit __ref __refdata __head
  __always_inline __inline __inline__ __flatten __gnu_inline __noclone __naked __noreturn
  __sched __kprobes __lockfunc __cpuidle __latent_entropy __irq_entry __softirq_entry
  __exception_irq_entry __visible __used __maybe_unused __always_unused __weak __pure
  __attribute_const__ __cold __hot __deprecated __must_check __malloc __bpf_kfunc
  __no_kcsan __no_kasan_or_inline __no_sanitize_or_inline __no_sanitize_address
  __no_sanitize_undefined __no_sanitize_memory __no_sanitize_coverage __no_profile
  __no_stack_protector __disable_sanitizer_instrumentation
  __percpu __rcu __user __kernel __iomem __force __private __nocast __safe
  __read_mostly __ro_after_init __packed __randomize_layout __no_randomize_layout
  __cacheline_aligned __cacheline_aligned_in_smp ____cacheline_aligned
  ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp`.split(/\s+/),
);

/** With arguments, which go with them. */
const CALLS =
  /^(?:__attribute__|__attribute|__(?:cond_)?(?:acquires|releases)(?:_shared)?|__must_hold(?:_shared)?|__printf|__scanf|__section|__aligned|__assume_aligned|__alloc_size|__realloc_size|__nonnull|__counted_by|__guarded_by|__alias|__nonstring|__target|__no_sanitize|__diagnose_as|__error|__warning|__cleanup)$/;

/** Whether a word says nothing about what a definition defines. */
export function isAttribute(word: string): boolean {
  return WORDS.has(word) || CALLS.test(word);
}

/** The text with blanks for attributes: all else stays where it is. */
export function plain(text: string): string {
  const tokens = tokensOf(text);
  let done = 0;
  let out = '';
  const drop = (from: number, to: number) => {
    out += text.slice(done, from) + blank(text.slice(from, to));
    done = to;
  };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (WORDS.has(token.text)) drop(token.start, endOf(token));
    if (!CALLS.test(token.text) || tokens[at + 1]?.text !== '(') continue;
    const close = closing(tokens, at + 1);
    if (close === null) continue;
    drop(token.start, endOf(tokens[close]!));
    at = close;
  }
  return out + text.slice(done);
}
