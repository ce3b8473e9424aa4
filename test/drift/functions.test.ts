import { describe, expect, test } from 'vitest';
import { conditionalsOf } from '../../src/drift/conditionals.ts';
import { digestOf } from '../../src/drift/digest.ts';
import { type CFunction, functionsIn } from '../../src/drift/functions.ts';

const named = async (text: string, name: string): Promise<CFunction> => {
  const found = (await functionsIn(text)).filter((each) => each.name === name);
  expect(found.map((each) => each.name)).toEqual([name]);
  return found[0]!;
};
const digest = async (text: string): Promise<string> => digestOf(await functionsIn(text));

/** Of each function: its lines, and what it is compiled under. */
const outline = async (text: string) =>
  (await functionsIn(text)).map(({ name, line, lastLine, conditions, doubt }) =>
    [`${line}-${lastLine} ${name}`, ...conditions, ...(doubt ? [doubt] : [])].join(', '),
  );

describe('the kernel’s way to write functions', () => {
  test.each([
    ['static int __init door_setup(char *s)'],
    ['static __always_inline void door_setup(struct door *d)'],
    ['noinline asmlinkage __visible void __sched door_setup(void)'],
    ['void door_setup(struct door *d) __releases(&d->lock) __acquires(d->other)'],
    ['static __printf(2, 3) void door_setup(struct door *d, const char *fmt, ...)'],
    ['__must_check struct door *door_setup(int a, int b)'],
    ['static struct door * __init_or_module door_setup(void)'],
    ['static void (*door_setup(int which))(struct door *)'],
    ['__attribute__((noinline)) static void door_setup(void)'],
    ['unsigned long __percpu *door_setup(const char __user *name, size_t len)'],
    ['static inline bool\ndoor_setup(struct door *d,\n\t   unsigned long flags)'],
    ['EXPORT_SYMBOL_GPL(door_other)\nstatic void door_setup(void)'],
  ])('%s', async (head) => {
    const text = `static DEFINE_MUTEX(door_lock);\n${head}\n{\n\tgo();\n}\nEXPORT_SYMBOL(door_setup);\n`;
    const found = await named(text, 'door_setup');
    expect(found.doubt).toBeNull();
    expect(found.lines.at(-1)).toBe('}');
    const own = head.replace(/^EXPORT.*\n/, '');
    expect(found.lines.join('\n')).toBe(`${own}\n{\n\tgo();\n}`);
    expect(found.line).toBe(own === head ? 2 : 3);
    expect(found.signature.replaceAll(' ', '')).toBe(own.replace(/\s/g, ''));
  });

  test('bodies: loops of macros, statement expressions, labels, designated initialisers, asm', async () => {
    const text = `int door_open(struct door *d)
{
	struct key k = { .teeth = { [0] = 3, [1 ... 4] = 1 }, .owner = "}{" };
	int n = ({ int m = 1; m + '{'; });
	list_for_each_entry_rcu(k, &d->keys, node) {
		if (unlikely(!k->fits))
			goto out;
	}
	asm volatile("1: nop\\n" : "=r" (n) : "0" (d) : "memory");
	switch (n) {
	case 1 ... 5: /* } */
		break; // }
	}
out:
	return n;
}
static void door_close(void) { }
`;
    expect(await outline(text)).toEqual(['1-16 door_open', '17-17 door_close']);
  });

  test('a comment may go on behind a directive', async () => {
    const text = `#define KEYS 3 /* as many as
  fit { into it */
static int door_open(void) { return KEYS; }
`;
    expect(await outline(text)).toEqual(['3-3 door_open']);
    expect(await outline(text.replace(/3 .*\n.*\n/, '3\n'))).toEqual(['2-2 door_open']);
  });

  test('what a macro makes, structs and data are no functions, and do not hide the next', async () => {
    const text = `struct door {
	void (*open)(struct door *d);
} __packed;
static const struct ops door_ops __read_mostly = {
	.open = door_open,
};
enum { A, B };
SYSCALL_DEFINE2(door, int, which, const char __user *, name)
{
	return door_open(which);
}
TRACE_EVENT(door, TP_PROTO(int a), TP_fast_assign({ x = a; }));
DEFINE_SHOW_ATTRIBUTE(door);
static int door_open(int which);
static int door_open(int which)
{
	return which;
}
`;
    expect(await outline(text)).toEqual(['15-18 door_open']);
  });
});

describe('#if', () => {
  test('a function may be defined twice', async () => {
    const text = `#ifdef CONFIG_DOORS
#if defined(CONFIG_LOCKS) && !defined(CONFIG_OPEN)
void lock(void)
{
	a();
}
#elif CONFIG_LATCHES > 1
void lock(void) { b(); }
#else
void lock(void) { }
#endif
#else /* !CONFIG_DOORS */
static inline void lock(void) { }
#endif
void last(void) { }
`;
    const first = 'defined(CONFIG_LOCKS) && !defined(CONFIG_OPEN)';
    expect(await outline(text)).toEqual([
      `3-6 lock, defined(CONFIG_DOORS), ${first}`,
      `8-8 lock, defined(CONFIG_DOORS), !(${first}), CONFIG_LATCHES > 1`,
      `10-10 lock, defined(CONFIG_DOORS), !(${first}), !(CONFIG_LATCHES > 1)`,
      '13-13 lock, !defined(CONFIG_DOORS)',
      '15-15 last',
    ]);
  });

  test('inside a function, around halves of blocks', async () => {
    const text = `void lock(struct door *d)
{
#ifdef CONFIG_LATCHES
	if (d->latch) {
		latch(d);
	} else {
#else
	{
#endif
		bolt(d);
#ifndef CONFIG_LATCHES
	}
#else
	}
	latched(d);
#endif
}
void last(void) { }
`;
    expect(await outline(text)).toEqual(['1-17 lock', '18-18 last']);
    // All branches count: which one is compiled is not known.
    for (const call of ['latch', 'bolt', 'latched']) {
      expect(await digest(text.replace(`${call}(d)`, `${call}(d, 1)`))).not.toBe(
        await digest(text),
      );
    }
  });

  test('around the heads of one body, and around its bodies', async () => {
    const text = `#ifdef CONFIG_A
static int lock(int a)
#else
static int lock(long a)
#endif
{
	return a;
}
int other(int a)
#ifdef CONFIG_B
{
	return 1;
}
#else
{
	return 2;
}
#endif
`;
    expect(await outline(text)).toEqual(['2-8 lock', '9-17 other']);
  });

  test('what is never compiled is no definition', async () => {
    const text = `#if 0
void lock(void) { }
#else
void unlock(void) { }
#endif
#ifdef CONFIG_A
#ifndef CONFIG_A
void never(void) { }
#endif
#endif
`;
    expect(await outline(text)).toEqual(['4-4 unlock, !(0)']);
  });

  test('braces that match in no reading: taken up to the next definition, which is said', async () => {
    const text = `void lock(struct door *d)
{
	if (d) {
#ifdef CONFIG_A
	}
#endif
	go();
#ifdef CONFIG_B
}
#endif
/* about last */
void last(void)
{
}
`;
    const [lock, last] = await functionsIn(text);
    expect(lock?.doubt).toMatch(/braces/);
    expect(lock?.lines.join('\n')).toContain('CONFIG_B');
    expect(lock?.lastLine).toBeGreaterThanOrEqual(10);
    expect(lock?.lastLine).toBeLessThan(12);
    expect(last).toMatchObject({ name: 'last', line: 12, lastLine: 14 });
  });

  test('what one reading takes for a part of the function before it', async () => {
    const text = `void lock(struct door *d)
{
#ifdef CONFIG_A
	if (d) {
#endif
	go();
}
void last(void)
{
}
#ifdef CONFIG_A
}
#endif
`;
    const [lock, last] = await functionsIn(text);
    expect(lock).toMatchObject({ name: 'lock', line: 1, lastLine: 7 });
    expect(lock?.doubt).toBe('its braces do not match whatever its #if leave of it');
    expect(last).toMatchObject({ name: 'last', line: 8 });
  });

  test('what the parser ends too early is doubted', async () => {
    const text = 'void odd(void)\n{\n\tDOOR -> { ( ; }\n\tgo();\n}\nvoid last(void) { }\n';
    const [odd] = await functionsIn(text);
    expect(odd).toMatchObject({ name: 'odd', lastLine: 5, doubt: 'the parser cannot read it' });
  });

  test('conditions that do not depend on each other take no readings of their own', () => {
    const text = [...'ABCDEFGH'].map((name) => `#ifdef ${name}\nint a;\n#endif\n`).join('');
    expect(conditionalsOf(text).readings).toHaveLength(2);
  });

  test('what the parser cannot read is taken by its braces, and doubted', async () => {
    const text = `void odd(void)
{
	static const void *const to[] = { [0 ... 9] = &&stop, PAIR(A, B), };
	GO: STEP(ADD, +)
	STEP(SUB, -)
	goto *to[x];
}
void last(void) { }
`;
    const found = await functionsIn(text);
    expect(found.map(({ name, doubt }) => [name, doubt])).toEqual([
      ['odd', 'the parser cannot read it'],
      ['last', null],
    ]);
    expect(found[0]?.lines.join('\n')).toContain('goto *to[x];\n}');
  });
});

describe('digests', () => {
  const text = `/* about it */
static int lock(struct door *d, int flags)
{
	if (!d->open) /* closed */
		return -EBUSY;

#ifdef CONFIG_A
	a(d);
#endif
	return lock_it(d, "a b", flags);
}
`;

  test.each([
    ['comments', (t: string) => t.replace('/* closed */', '// is it?')],
    ['empty lines and tabs', (t: string) => t.replaceAll('\t', '        ').replace('{', '\n\n{')],
    [
      'line breaks',
      (t: string) => t.replace('d, int', 'd,\n\t\tint').replace('"a b", ', '"a b",\n\t'),
    ],
    ['carriage returns', (t: string) => t.replaceAll('\n', '\r\n')],
    ['lines that go on', (t: string) => t.replace('CONFIG_A', '\\\n CONFIG_A')],
    ['where it stands', (t: string) => `int a;\nvoid first(void);\n${t}`],
  ])('%s do not change them', async (_, change) => {
    expect(change(text)).not.toBe(text);
    expect(await digest(change(text))).toBe(await digest(text));
  });

  test.each([
    ['a name', (t: string) => t.replace('lock_it', 'lock_this')],
    ['an operator', (t: string) => t.replace('!d->open', 'd->open')],
    ['the inside of a string', (t: string) => t.replace('a b', 'a  b')],
    ['the signature', (t: string) => t.replace('int flags', 'long flags')],
    ['an attribute', (t: string) => t.replace('static int', 'static noinline int')],
    ['a condition inside', (t: string) => t.replace('CONFIG_A', 'CONFIG_B')],
    ['a condition around it', (t: string) => `#ifdef CONFIG_C\n${t}#endif\n`],
    [
      'what goes onto the line of a directive',
      (t: string) => t.replace('CONFIG_A\n\ta(d);', 'CONFIG_A a(d);'),
    ],
    ['what was commented out', (t: string) => t.replace('return -EBUSY;', '/* return -EBUSY; */')],
    ['two tokens that become one', (t: string) => t.replace('d, int', 'd, in t')],
  ])('%s does', async (_, change) => {
    expect(change(text)).not.toBe(text);
    expect(await digest(change(text))).not.toBe(await digest(text));
  });

  test('the tokens of each line', async () => {
    const { normal, lines, line } = await named(text, 'lock');
    expect(line).toBe(2);
    expect(lines).toHaveLength(normal.length);
    expect(normal.slice(2, 6)).toEqual([
      'if ( ! d -> open )',
      'return - EBUSY ;',
      '',
      '# ifdef CONFIG_A',
    ]);
  });
});
