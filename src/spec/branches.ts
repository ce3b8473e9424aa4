import type { Behind, Branch } from '../model/branches.ts';
import type { Conditions } from './conditions.ts';
import { position } from './errors.ts';
import type { Explain } from './explanations.ts';
import {
  bare,
  children,
  type FunctionNode,
  isFunction,
  isTypeOnly,
  leaves,
  literal,
  type Node,
  type Program,
} from './syntax.ts';

/** A place where the code goes one of two ways. */
export interface Fork extends Omit<Branch, 'id' | 'file' | 'when' | 'decided' | 'rest'> {
  /** What is asked there; null: a case, that is come to or not. */
  readonly test: Node | null;
  /** Of a part of a condition: the next one. */
  readonly rest: Node | null;
  /** Of a case: what the `switch` is about, and the first statement. */
  readonly among: Node | null;
  readonly first: Node | null;
}

type Asking = Pick<Fork, 'test' | 'rest' | 'among' | 'first'>;

type SwitchCase = Extract<Node, { type: 'SwitchCase' }>;

interface Setting {
  readonly source: string;
  readonly conditions: Conditions;
  readonly nameOf: (node: FunctionNode) => string;
  readonly hasSite: (node: Node) => boolean;
  readonly explain: Explain;
}

/** What stands behind either outcome of a condition, and has a thread's steps in it. */
interface Sides {
  readonly no: boolean;
  readonly yes: boolean;
}

const NEITHER: Sides = { no: false, yes: false };

/** The places of a module where its code goes one of two ways, in the order in which they stand. */
export function forksIn(program: Program, setting: Setting): Fork[] {
  const walk = new Walk(setting);
  walk.visit(program);
  return walk.forks.sort((a, b) => a.range[0] - b.range[0] || b.range[1] - a.range[1]);
}

class Walk {
  readonly forks: Fork[] = [];
  private readonly setting: Setting;
  /** Name of the function; null: code that runs when the module is loaded. */
  private fn: string | null = null;

  constructor(setting: Setting) {
    this.setting = setting;
  }

  visit(node: Node): void {
    if (isTypeOnly(node)) return;
    const { fn } = this;
    if (isFunction(node)) this.fn = this.setting.nameOf(node) || '(anonymous)';
    this.dispatch(node);
    this.fn = fn;
  }

  private dispatch(node: Node) {
    switch (node.type) {
      case 'Program':
      case 'BlockStatement':
        return this.sequence(node.body);
      case 'IfStatement':
        return this.choice(node, []);
      case 'ConditionalExpression':
        this.ask(node.test, [node.alternate], [node.consequent]);
        return this.all([node.consequent, node.alternate]);
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement': {
        if (node.type === 'ForStatement' && node.init) this.visit(node.init);
        if (node.test) this.ask(node.test, null, [node.body], true);
        if (node.type === 'ForStatement' && node.update) this.visit(node.update);
        return this.visit(node.body);
      }
      case 'SwitchStatement':
        this.visit(node.discriminant);
        for (const each of node.cases) this.come(each, node.discriminant);
        return;
      case 'LogicalExpression':
        return this.logical(node, NEITHER);
      default:
        return this.all(children(node));
    }
  }

  private all(nodes: readonly Node[]): void {
    for (const node of nodes) this.visit(node);
  }

  private sequence(statements: readonly Node[]): void {
    for (const [at, statement] of statements.entries()) {
      if (statement.type === 'IfStatement') this.choice(statement, statements.slice(at + 1));
      else this.visit(statement);
    }
  }

  /** @param after the statements that follow, in the same block */
  private choice(node: Extract<Node, { type: 'IfStatement' }>, after: readonly Node[]): void {
    const { test, consequent, alternate } = node;
    const otherwise = alternate ? [alternate] : leaves(consequent) ? after : [];
    this.ask(test, otherwise, [consequent]);
    this.all(alternate ? [consequent, alternate] : [consequent]);
  }

  /** @param no what is behind the condition when it is false; null: nobody asks whether it ever is */
  private ask(test: Node, no: readonly Node[] | null, yes: readonly Node[], loop = false): void {
    const steps = (nodes: readonly Node[]): boolean => nodes.some(this.setting.hasSite);
    const sides = { no: no !== null && steps(no), yes: steps(yes) };
    const behind = (nodes: readonly Node[], within: boolean): Behind => {
      const told = within || nodes.some(this.isExplained);
      return { asked: loop ? null : this.asked(nodes), told };
    };
    this.inTest(test, sides);
    this.add(test, null, [no && behind(no, sides.no), behind(yes, sides.yes)]);
  }

  /** The parts of a condition. What a whole that has one outcome only leaves out is told once. */
  private inTest(test: Node, sides: Sides): void {
    const node = bare(test);
    if (node.type === 'LogicalExpression') this.logical(node, sides);
    else if (node.type === 'UnaryExpression' && node.operator === '!') {
      this.inTest(node.argument, { no: sides.yes, yes: sides.no });
    } else this.visit(node);
  }

  private logical(node: Extract<Node, { type: 'LogicalExpression' }>, whole: Sides) {
    const { left, right, operator } = node;
    if (operator === '??') return this.all([left, right]);
    const { source, hasSite } = this.setting;
    const and = operator === '&&';
    const sides = {
      no: !and && (hasSite(right) || whole.no),
      yes: and && (hasSite(right) || whole.yes),
    };
    this.inTest(left, sides);
    this.inTest(right, and ? { no: false, yes: whole.yes } : { no: whole.no, yes: false });
    const behind = (within: boolean, rest: boolean): Behind => ({
      asked: rest ? oneLine(source.slice(right.start, right.end)) : null,
      told: within || (rest && this.isExplained(right)),
    });
    this.add(left, right, [behind(sides.no, !and), behind(sides.yes, and)]);
  }

  /** A case; nobody asks whether another one is ever taken instead. */
  private come(node: SwitchCase, among: Node): void {
    if (node.test) this.visit(node.test);
    this.sequence(node.consequent);
    const [first = null] = node.consequent;
    if (!first) return;
    const { source, hasSite } = this.setting;
    const told = this.isExplained(node) || node.consequent.some(hasSite);
    const text = oneLine(source.slice(node.start, first.start)).replace(/:.*$/, '');
    this.push(node, text, [null, { asked: null, told }], { test: null, rest: null, among, first });
  }

  private add(test: Node, rest: Node | null, [no, yes]: Branch['behind']): void {
    const text = oneLine(this.setting.source.slice(test.start, test.end));
    const quiet = this.isExplained(test) || this.setting.conditions.isFixed(test);
    const behind = (side: Behind | null) => side && { ...side, told: side.told || quiet };
    this.push(test, text, [behind(no), behind(yes)], { test, rest, among: null, first: null });
  }

  private push(node: Node, text: string, behind: Branch['behind'], asking: Asking): void {
    const { fn } = this;
    if (fn === null) return;
    const { line } = position(this.setting.source, node.start);
    const range = [node.start, node.end] as const;
    this.forks.push({ line, fn, text, asks: this.asks(asking.test), range, behind, ...asking });
  }

  private asks(test: Node | null): Branch['asks'] {
    if (!test) return null;
    const { source } = this.setting;
    const whole = bare(test);
    const negated = whole.type === 'UnaryExpression' && whole.operator === '!';
    const node = negated ? whole.argument : test;
    return { text: oneLine(source.slice(node.start, node.end)), negated };
  }

  private readonly isExplained = (node: Node): boolean => this.setting.explain(node) !== null;

  /** The text of what a predicate asks next; null where it asks no more. */
  private asked(nodes: readonly Node[]): string | null {
    const [first] = nodes.flatMap((node): readonly Node[] =>
      node.type === 'BlockStatement' ? node.body : [node],
    );
    if (!first || answers(first)) return null;
    return oneLine(this.setting.source.slice(first.start, first.end)).replace(/^return |;$/g, '');
  }
}

/** Has the outcome without asking anything. */
function answers(node: Node): boolean {
  const value = node.type === 'ReturnStatement' ? node.argument : node;
  return value === null || literal(bare(value)) || node.type === 'ContinueStatement';
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
