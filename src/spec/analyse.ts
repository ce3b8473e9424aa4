import { lookedInto } from './calls.ts';
import { placeFunctions } from './function-places.ts';
import { member, type Operand, operandsOf } from './operands.ts';
import { Patterns } from './patterns.ts';
import type { FunctionPlace, Loop, Pending, Scope, YieldSite } from './scopes.ts';
import {
  bare,
  type ClassNode,
  children,
  type FunctionNode,
  isFunction,
  isTypeOnly,
  literal,
  type Node,
  type Program,
  yieldingNodes,
} from './syntax.ts';
import { Table } from './table.ts';

export interface Analysis {
  readonly table: Table;
  readonly sites: readonly YieldSite[];
  readonly functions: readonly FunctionPlace[];
  /** Loop statements, each in the function it belongs to. */
  readonly loops: readonly LoopNode[];
  readonly literals: readonly ObjectLiteral[];
  /** Calls that must not give an operation that nobody runs. */
  readonly calls: ReadonlySet<Node>;
}

export type ObjectLiteral = Extract<Node, { type: 'ObjectExpression' }>;

export type LoopNode = Extract<
  Node,
  {
    type:
      | 'ForStatement'
      | 'ForOfStatement'
      | 'ForInStatement'
      | 'WhileStatement'
      | 'DoWhileStatement';
  }
>;

/** Finds scopes, references, yields and what is pending at them, in the order of evaluation. */
export function analyse(program: Program): Analysis {
  const walk = new Walk(program);
  for (const statement of program.body) walk.visit(statement);
  walk.table.resolve();
  walk.findCalls();
  return walk;
}

class Walk implements Analysis {
  readonly table = new Table();
  readonly sites: YieldSite[] = [];
  readonly functions: FunctionPlace[] = [];
  readonly loops: LoopNode[] = [];
  readonly literals: ObjectLiteral[] = [];
  readonly calls = new Set<Node>();
  private readonly lookedInto = new Set<Node>();
  private readonly patterns = new Patterns(this.table, (node) => this.visit(node));
  private readonly yielding: ReadonlySet<Node>;
  /** Of the function being walked. */
  private active: Loop[] = [];
  private pending: Pending[] = [];
  /** Depth of `try` statements around, which may look at a variable instead of assigning to it. */
  private guardedBy = 0;
  private statement: Node;
  private block: Node;
  /** Names of the variables that values go to. */
  private readonly assigned = new Map<Node, string>();

  constructor(program: Program) {
    this.block = program;
    this.yielding = yieldingNodes(program);
    this.statement = program;
  }

  visit(node: Node): void {
    if (isTypeOnly(node)) return;
    const { statement, block } = this;
    if (/Statement$|^VariableDeclaration$/.test(node.type)) this.statement = node;
    if (node.type === 'BlockStatement' || node.type === 'TSModuleBlock') this.block = node;
    // What a function that takes no steps drops, it may have handed on before.
    if (node.type !== 'ExpressionStatement' || this.table.fn?.rewritten) {
      for (const value of lookedInto(node)) this.lookedInto.add(value);
    }
    this.dispatch(node);
    Object.assign(this, { statement, block });
  }

  /** A variable that is only looked into stands for the call that it is initialised with. */
  findCalls(): void {
    for (const node of this.lookedInto) if (node.type === 'CallExpression') this.calls.add(node);
    for (const { node, binding } of this.table.references) {
      const init = binding?.init && this.lookedInto.has(node) ? bare(binding.init) : null;
      if (init?.type !== 'CallExpression') continue;
      const plain = binding!.refs.every((ref) => ref.reads && this.lookedInto.has(ref.node));
      if (plain) this.calls.add(init);
    }
  }

  private dispatch(node: Node) {
    if (isFunction(node)) return this.visitFunction(node);
    if (node.type === 'ObjectExpression') this.literals.push(node);
    placeFunctions(node, this.table);
    const operands = operandsOf(node);
    if (operands) return this.visitOperands(operands);
    switch (node.type) {
      case 'Identifier':
        return this.table.refer(node, { reads: true, writes: false });
      case 'ThisExpression':
      case 'Super':
        return this.table.referThis();
      case 'MetaProperty':
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ExportAllDeclaration':
      case 'PrivateIdentifier':
        return;
      case 'LabeledStatement':
        return this.visit(node.body);
      case 'YieldExpression':
        return this.visitYield(node);
      case 'AssignmentExpression':
        return this.visitAssignment(node);
      case 'UpdateExpression':
        return this.patterns.assign(node.argument, true);
      case 'ChainExpression':
        return this.hiding(node, () => this.visit(node.expression));
      case 'VariableDeclaration':
        return this.visitDeclaration(node, false);
      case 'BlockStatement':
      case 'TSModuleBlock':
        return this.inScope('block', () => this.visitAll(node.body));
      case 'ForStatement':
        return this.visitFor(node);
      case 'ForOfStatement':
      case 'ForInStatement':
        return this.visitForEach(node);
      case 'WhileStatement':
        this.loops.push(node);
        return this.looping(() => this.visitAll([node.test, node.body]));
      case 'DoWhileStatement':
        this.loops.push(node);
        return this.looping(() => this.visitAll([node.body, node.test]));
      case 'SwitchStatement':
        return this.visitSwitch(node);
      case 'TryStatement':
        return this.visitTry(node);
      case 'CatchClause':
        return this.inScope('block', () => {
          if (node.param) this.patterns.declare(node.param, 'catch');
          this.block = node.body;
          this.visitAll(node.body.body);
        });
      case 'WithStatement':
        return this.hiding(node, () => this.visitAll([node.object, node.body]));
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.visitClass(node);
      case 'ImportDeclaration':
        for (const { local } of node.specifiers) this.table.declare(local.name, 'import');
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.visit(node.declaration);
        return;
      case 'TSImportEqualsDeclaration':
        this.table.declare(node.id.name, 'import');
        return;
      case 'TSEnumDeclaration':
        this.table.declare(node.id.name, 'class');
        for (const { initializer } of node.body.members) if (initializer) this.visit(initializer);
        return;
      case 'TSModuleDeclaration':
        if (node.id.type === 'Identifier') this.table.declare(node.id.name, 'class');
        if (node.body) this.visit(node.body);
        return;
      default:
        return this.visitPlain(node);
    }
  }

  private visitAll(nodes: readonly (Node | null)[]): void {
    for (const node of nodes) if (node) this.visit(node);
  }

  /** Node types that hold no value of their own while a part of them is evaluated. */
  private visitPlain(node: Node) {
    const parts = children(node);
    if (PLAIN.test(node.type)) return this.visitAll(parts);
    this.hiding(node, () => this.visitAll(parts));
  }

  /** Sites in `node`, if any, are identified by history. */
  private hiding(node: Node, walk: () => void) {
    if (!this.yielding.has(node)) return walk();
    this.holding({ node, how: 'opaque' }, walk);
  }

  private holding(pending: Pending, walk: () => void) {
    this.pending.push(pending);
    walk();
    this.pending.pop();
  }

  private visitOperands(operands: readonly Operand[]) {
    const held = this.pending.length;
    const last = operands.findLastIndex(({ node }) => this.yielding.has(node));
    for (const [index, operand] of operands.entries()) {
      this.visit(operand.node);
      if (index < last && !literal(bare(operand.node))) this.pending.push(operand);
    }
    this.pending.length = held;
  }

  private visitYield(node: Extract<Node, { type: 'YieldExpression' }>) {
    if (node.argument) this.visit(node.argument);
    const { fn, scope } = this.table;
    const order = this.table.next();
    if (!fn?.rewritten) return;
    const { statement } = this;
    const state = { loops: [...this.active], pending: [...this.pending] };
    const overwrites = this.guardedBy === 0 ? (this.assigned.get(node) ?? null) : null;
    this.sites.push({ node, fn, scope, order, statement, overwrites, ...state });
  }

  private visitAssignment(node: Extract<Node, { type: 'AssignmentExpression' }>) {
    const { left, right, operator } = node;
    const target = bare(left);
    this.table.nameFunction(right, target.type === 'Identifier' ? target.name : null);
    const compound = operator !== '=';
    if (!compound && target.type === 'Identifier') this.assigned.set(bare(right), target.name);
    // `x ||= y` has used the old value up by the time that y is evaluated.
    const shortCircuit = /^(\|\||&&|\?\?)=$/.test(operator);
    if (target.type === 'Identifier') {
      if (compound) this.table.refer(target, { reads: true, writes: false });
      if (compound && !shortCircuit && this.yielding.has(right)) {
        this.holding({ node, how: left === target ? 'old-value' : 'opaque' }, () =>
          this.visit(right),
        );
      } else this.visit(right);
      return this.table.refer(target, { reads: false, writes: true });
    }
    if (target.type === 'MemberExpression') {
      const value: Operand = { node: right, how: 'value' };
      const old: Operand[] = compound && !shortCircuit ? [{ node: OLD, how: 'opaque' }] : [];
      return this.visitOperands([...member(target), ...old, value]);
    }
    this.visit(right);
    this.hiding(left, () => this.patterns.assign(left, false));
  }

  /** @param assigned the loop head assigns: `for (const x of ...)` */
  private visitDeclaration(
    node: Extract<Node, { type: 'VariableDeclaration' }>,
    assigned: boolean,
  ) {
    const kind = node.kind === 'using' || node.kind === 'await using' ? 'const' : node.kind;
    if (kind !== node.kind && this.table.fn) this.table.fn.opaque = true;
    for (const { id, init } of node.declarations) {
      if (init) this.patterns.value(id, init);
      this.hiding(id, () => this.patterns.declare(id, kind));
      if (id.type === 'Identifier') this.table.initialise(id, init, kind === 'var' && assigned);
      else if (kind === 'var') this.patterns.assign(id, false);
    }
  }

  private visitFor(node: Extract<Node, { type: 'ForStatement' }>) {
    this.loops.push(node);
    this.inScope('block', () => {
      if (node.init) this.visit(node.init);
      for (const binding of this.table.scope.bindings.values()) binding.body = node.body;
      this.looping(() => this.visitAll([node.test, node.body, node.update]));
    });
  }

  private visitForEach(node: Extract<Node, { type: 'ForOfStatement' | 'ForInStatement' }>) {
    this.loops.push(node);
    const { left, right, body } = node;
    this.visit(right);
    const loop = (): void => {
      this.looping(() =>
        this.inScope('block', () => {
          if (left.type === 'VariableDeclaration') this.visitDeclaration(left, true);
          else this.hiding(left, () => this.patterns.assign(left, false));
          this.visit(body);
        }),
      );
    };
    if (!this.yielding.has(body) && !this.yielding.has(left)) return loop();
    const readable = node.type === 'ForOfStatement' && !node.await;
    this.holding({ node: right, how: readable ? 'cursor' : 'opaque' }, loop);
  }

  /** All tests may be evaluated before any of the statements, even of a case that stands first. */
  private visitSwitch(node: Extract<Node, { type: 'SwitchStatement' }>) {
    this.visit(node.discriminant);
    this.inScope('switch', () => {
      this.holding({ node: node.discriminant, how: 'value' }, () =>
        this.visitAll(node.cases.map(({ test }) => test)),
      );
      for (const { consequent } of node.cases) this.visitAll(consequent);
    });
  }

  /** While a `finally` runs, what happens after it (a return, a throw, ...) is hidden. */
  private visitTry(node: Extract<Node, { type: 'TryStatement' }>) {
    this.guardedBy++;
    this.visitAll([node.block, node.handler]);
    this.guardedBy--;
    const { finalizer } = node;
    if (finalizer) this.hiding(finalizer, () => this.visit(finalizer));
  }

  private visitFunction(node: FunctionNode) {
    const { active, pending, guardedBy } = this;
    Object.assign(this, { active: [], pending: [], guardedBy: 0 });
    const { scope } = this.table;
    const info = this.table.enterFunction(node);
    this.functions.push({ info, scope, block: this.block, fixed: this.table.isFixed(node) });
    for (const param of node.params) this.patterns.declare(param, 'param');
    const { body } = node;
    if (body?.type === 'BlockStatement') this.block = body;
    if (body) this.visitAll(body.type === 'BlockStatement' ? body.body : [body]);
    this.table.leaveFunction();
    Object.assign(this, { active, pending, guardedBy });
  }

  private visitClass(node: ClassNode) {
    if (node.id && node.type === 'ClassDeclaration') this.table.declare(node.id.name, 'class');
    this.hiding(node, () =>
      this.inScope('block', () => {
        if (node.id && node.type === 'ClassExpression') this.table.declare(node.id.name, 'class');
        if (node.superClass) this.visit(node.superClass);
        for (const element of node.body.body) this.visitElement(element);
      }),
    );
    if (node.id && node.type === 'ClassDeclaration') this.table.declare(node.id.name, 'class');
  }

  private visitElement(element: Node) {
    if (isTypeOnly(element)) return;
    if ('computed' in element && element.computed && 'key' in element) this.visit(element.key);
    if (element.type === 'MethodDefinition') {
      this.table.fix(element.value, element.computed ? undefined : element.key);
      return this.visit(element.value);
    }
    const parts =
      element.type === 'StaticBlock'
        ? element.body
        : element.type === 'PropertyDefinition' || element.type === 'AccessorProperty'
          ? [element.value]
          : [];
    const { active, pending } = this;
    this.active = [];
    this.pending = [];
    this.table.enterFunction(null);
    this.visitAll(parts);
    this.table.leaveFunction();
    Object.assign(this, { active, pending });
  }

  private inScope(kind: Scope['kind'], walk: () => void) {
    this.table.push(kind, [...this.active]);
    walk();
    this.table.pop();
  }

  private looping(walk: () => void) {
    const loop: Loop = { start: this.table.next(), end: 0 };
    this.active.push(loop);
    walk();
    this.active.pop();
    loop.end = this.table.next();
  }
}

/** Stands for the old value of `o.p += ...`, which has no node of its own. */
const OLD: Node = { type: 'EmptyStatement', start: 0, end: 0 };

const PLAIN =
  /^(ExpressionStatement|EmptyStatement|ReturnStatement|ThrowStatement|IfStatement|LogicalExpression|ConditionalExpression|SequenceExpression|UnaryExpression|AwaitExpression|ParenthesizedExpression|SpreadElement|Literal|DebuggerStatement|ExportDefaultDeclaration|TS\w+)$/;
