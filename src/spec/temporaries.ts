import type { Edits } from './edits.ts';
import type { FunctionInfo, Pending } from './scopes.ts';
import type { Node } from './syntax.ts';

/**
 * Puts operands that are pending at a yield where they can be read: `a.b + (yield* g())` becomes
 * `($f.temps[0] = a.b) + (yield* g())`. Each operand has its own temporary in its function.
 */
export class Temporaries {
  private readonly edits: Edits;
  private readonly source: string;
  private readonly kit: string;
  private readonly frame: string;
  private readonly counts = new Map<FunctionInfo, number>();
  private readonly held = new Map<Node, string[]>();

  constructor(edits: Edits, source: string, kit: string, frame: string) {
    this.edits = edits;
    this.source = source;
    this.kit = kit;
    this.frame = frame;
  }

  /** The expressions that read the operand's value. */
  hold(pending: Pending, fn: FunctionInfo): readonly string[] {
    const { node, how } = pending;
    const known = this.held.get(node);
    if (known) return known;
    const first = this.claim(fn);
    const temps = [this.temp(first)];
    if (how === 'callee') {
      temps.push(this.temp(this.claim(fn)));
      const method = JSON.stringify(pending.method);
      this.edits.wrap(node, `${this.kit}.callee(${this.frame}, ${first}, `, `, ${method})`, RANK);
    } else if (how === 'old-value') {
      this.splitCompound(node, temps[0]!);
    } else {
      const [open, close] = this.brackets(pending);
      this.edits.wrap(node, `${open[0]}(${temps[0]} = ${open[1]}`, `${close})`, RANK);
    }
    this.held.set(node, temps);
    return temps;
  }

  /** What goes before and after the assignment, and around the operand in it. */
  private brackets({ node, how }: Pending): [[string, string], string] {
    switch (how) {
      case 'shorthand':
        return [[`${this.source.slice(node.start, node.end)}: `, ''], ''];
      // What is spread, or made a string of, may change later: keep what was taken from it.
      case 'spread-array':
        return [['', '[...'], ']'];
      case 'spread-object':
        return [['', '{...'], '}'];
      case 'string':
        return [['', '`${'], '}`'];
      case 'cursor':
        return [['', `${this.kit}.iterate(`], ')'];
      default:
        return node.type === 'SequenceExpression' ? [['', '('], ')'] : [['', ''], ''];
    }
  }

  /** `x += y` becomes `x = ($f.temps[n] = x) + (y)`. */
  private splitCompound(node: Node, temp: string): void {
    if (node.type !== 'AssignmentExpression') return;
    const { left, right, operator } = node;
    const name = this.source.slice(left.start, left.end);
    const between = this.source.slice(left.end, right.start).replace(/[^\n]/g, '');
    const split = ` = (${temp} = ${name}) ${operator.slice(0, -1)} ${between}`;
    this.edits.replace(left.end, right.start, split);
    this.edits.wrap(right, '(', ')', RANK + 3);
  }

  private claim(fn: FunctionInfo): number {
    const next = this.counts.get(fn) ?? 0;
    this.counts.set(fn, next + 1);
    return next;
  }

  private temp(index: number): string {
    return `${this.frame}.temps[${index}]`;
  }
}

/** Outside of a function's registration, inside of a site's record. */
const RANK = 3;
