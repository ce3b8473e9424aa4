import { closing, endOf, tokensOf } from './tokens.ts';

/**
 * Macros of the kernel that the compiler sees as attributes, or not at all. They stand where the
 * grammar of C allows no word, and a parser that expands nothing trips over them.
 */

const WORDS: ReadonlySet<string> = new Set(
  `asmlinkage notrace noinline noinline_for_stack noinstr fastcall nokprobe_inline always_inline
  __init __exit __initconst __init_or_module __init_memblock __net_init __net_exit __meminit
  __memexit __cpuinit __cpuexit __devinit __devexit __ref __refdata __head __latent_entropy
  __always_inline __noinline __inline __inline__ __flatten __gnu_inline __sched __kprobes __notrace_funcgraph
  __visible __used __maybe_unused __always_unused __weak __pure __attribute_const__ __const
  __cold __hot __deprecated __must_check __malloc __noreturn __noclone __naked __cpuidle
  __irq_entry __softirq_entry __exception_irq_entry __lockfunc __entry_text __noendbr __nocfi
  __no_sanitize_address __no_sanitize_undefined __no_kcsan __no_kasan_or_inline
  __no_sanitize_or_inline __no_kcsan_or_inline __no_stack_protector __no_profile
  __no_sanitize_memory __no_sanitize_coverage __no_randomize_layout __disable_sanitizer_instrumentation __nostackprotector
  __percpu __rcu __user __kernel __iomem __force __private __nocast __safe __bpf_kfunc __bpf_hook_start
  __read_mostly __ro_after_init __initdata __cacheline_aligned __cacheline_aligned_in_smp
  ____cacheline_aligned ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp __packed
  __randomize_layout __refconst __exitdata __pmem __le __compiletime_object_size __mustcheck
  __no_context_analysis __no_fgcse __patchable __rcu_idle __designated_init __read_overflow
  EXPORT_SYMTAB`.split(/\s+/),
);

/** With arguments, which go with them. */
const CALLS =
  /^(?:__attribute__|__attribute|__releases|__acquires|__cond_acquires|__cond_releases|__must_hold|__releases_shared|__acquires_shared|__must_hold_shared|__printf|__scanf|__section|__aligned|__assume_aligned|__alloc_size|__realloc_size|__nonnull|__counted_by|__guarded_by|__alias|__nonstring|__target|__no_sanitize|__optimize|__noreturn_if|__releases_rcu|__diagnose_as|__error|__warning|__counted_by_le|__counted_by_be|__returns_nonnull|__malloc_like|__cleanup|__alloc_size__)$/;

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
    out += text.slice(done, from) + text.slice(from, to).replace(/[^\n]/g, ' ');
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
