import type { SourceMap } from 'magic-string';
import type { Branch } from '../model/branches.ts';
import { optional } from '../model/condition.ts';
import type { Flow, Place } from '../model/coverage.ts';
import type { Site } from '../model/frames.ts';
import { type Analysis, analyse, type LoopNode, type ObjectLiteral } from './analyse.ts';
import { forksIn } from './branches.ts';
import { captures } from './closures.ts';
import { Conditions } from './conditions.ts';
import { Edits } from './edits.ts';
import { isConstant, mayLock } from './effects.ts';
import { position, sourceError } from './errors.ts';
import { type Explain, explanations } from './explanations.ts';
import { exportedBy, flowOf, optionally } from './flow.ts';
import { liveAt } from './liveness.ts';
import { refusedIn } from './refused.ts';
import type { FunctionInfo, YieldSite } from './scopes.ts';
import { checkSharing } from './sharing.ts';
import { headline, type Node, openingOf, type Parsed, parse } from './syntax.ts';
import { Temporaries } from './temporaries.ts';

export interface Module {
  /** Name that identifies the module on every machine; site ids begin with it. */
  readonly name: string;
  /** The file as shown to people. */
  readonly file: string;
  /** One of Lockstep's own. */
  readonly library: boolean;
}

export interface Rewritten {
  readonly code: string;
  readonly map: SourceMap;
  readonly sites: readonly Site[];
}

/**
 * Makes the generators of a module readable while they are suspended: every `yield` records where
 * it is and how to read the values that later code may use. Lines stay where the author wrote them.
 * @throws SpecError for what cannot be checked: syntax errors, variables shared by threads, eval, and
 *   what would make the spec more than its files say
 */
export function rewrite(source: string, module: Module): Rewritten {
  const parsed = parse(source, module.file);
  const { program } = parsed;
  const analysis = analyse(program);
  const { table } = analysis;
  const refused = refusedIn(program, table.references);
  if (refused) throw sourceError(module.file, source, refused.at, refused.message);
  if (!module.library) checkSharing(program, table, source, module.file);
  return new Rewriting(source, module, parsed, analysis).run();
}

class Rewriting {
  private readonly source: string;
  private readonly module: Module;
  private readonly parsed: Parsed;
  private readonly analysis: Analysis;
  private readonly edits: Edits;
  private readonly temporaries: Temporaries;
  private readonly sites: Site[] = [];
  private readonly ids = new Map<FunctionInfo, string>();
  /** Functions that are registered when they are made. */
  private readonly registered: FunctionInfo[] = [];
  /** Names of `globalThis[lockstep.frames]` and of a generator's frame, unused in the module. */
  private readonly kit: string;
  private readonly frame: string;

  constructor(source: string, module: Module, parsed: Parsed, analysis: Analysis) {
    this.source = source;
    this.module = module;
    this.parsed = parsed;
    this.analysis = analysis;
    this.kit = unused('$lk', source);
    this.frame = unused('$f', source);
    this.edits = new Edits(source);
    this.temporaries = new Temporaries(this.edits, source, this.kit, this.frame);
    for (const [index, { info }] of analysis.functions.entries()) {
      this.ids.set(info, `${module.name}:f${index}`);
    }
  }

  run(): Rewritten {
    const { functions, loops, literals, sites } = this.analysis;
    // Frames first: what is declared in the body has to be registered inside of their `try`.
    for (const { info } of functions) if (info.rewritten) this.openFrame(info);
    const registered = this.registerDeclarations();
    this.registerExpressions();
    for (const literal of literals) this.registerMethods(literal);
    for (const loop of loops) this.limit(loop);
    if (!this.module.library) for (const call of this.analysis.calls) this.mustRun(call);
    for (const site of sites) this.record(site);
    const head =
      `const ${this.kit} = globalThis[Symbol.for('lockstep.frames')]; ` +
      `${this.kit}.sites(${JSON.stringify(this.sites)});${this.flow()}${registered} `;
    const first = this.parsed.program.body[0];
    if (first) this.edits.wrap({ start: first.start, end: this.source.length }, head, '', 9);
    return { ...this.edits.apply(this.module.file), sites: this.sites };
  }

  /** Registers under which conditions the statements run; nobody asks that of the library's. */
  private flow(): string {
    const { module, parsed, analysis, source } = this;
    if (module.library) return '';
    const { program, comments } = parsed;
    const explain = explanations(program, comments, source, module.file);
    const siteIds = new Map<Node, string>(
      this.sites.map(({ id }, index) => [analysis.sites[index]!.node, id]),
    );
    const conditions = new Conditions(program, analysis.table);
    const { places, named, shorthands, entries, open } = flowOf(program, analysis, conditions, {
      module: module.name,
      ofFunction: (node) => this.ids.get(analysis.table.infos.get(node)!)!,
      ofSite: (node) => siteIds.get(node),
    });
    for (const [node, id] of named) this.noteNamed(node, id, shorthands.has(node));
    const sites = this.sites.map(({ id }, index) => {
      const { node } = analysis.sites[index]!;
      const locks = !node.argument || mayLock(node.argument, conditions);
      return { id, place: optionally(places.get(node)!), explained: explain(node), locks };
    });
    const constants = analysis.functions
      .filter((each) => isConstant(each, conditions.references))
      .map(({ info }) => this.ids.get(info));
    const made = this.registered.flatMap((info) => {
      const by = info.parent && this.ids.get(info.parent);
      return by ? [[this.ids.get(info), by]] : [];
    });
    const branches = this.watch(conditions, places, explain);
    const generators = this.generators(explain);
    const flow = { sites, entries, made, generators, constants, branches, open };
    const told = JSON.stringify(flow).slice(0, -1);
    return ` ${this.kit}.flow(${told}, "values": () => [${conditions.values.join(', ')}] });`;
  }

  private generators(explain: Explain): Flow['generators'] {
    const { module, parsed, analysis, source } = this;
    const exported = exportedBy(parsed.program);
    const all = analysis.functions.map(({ info }) => info).filter(({ rewritten }) => rewritten);
    return all.map((info) => ({
      id: this.ids.get(info)!,
      within: (info.parent && this.ids.get(info.parent)) ?? null,
      file: module.file,
      line: position(source, info.node!.start).line,
      fn: info.name || '(anonymous)',
      text: headline(source, info.node!),
      excused: explain(info.node!) !== null || (info.parent === null && exported.has(info.name)),
    }));
  }

  /** Notes that code came to the name of a function. */
  private noteNamed(node: Node, id: string, shorthand: boolean): void {
    const key = shorthand ? `${this.source.slice(node.start, node.end)}: ` : '';
    this.edits.wrap(node, `${key}${this.kit}.named(${JSON.stringify(id)}, `, ')', 0);
  }

  /** Notes which outcomes the conditions of the spec's code have. */
  private watch(
    conditions: Conditions,
    places: ReadonlyMap<Node, Place>,
    explain: Explain,
  ): Branch[] {
    const { module, parsed, analysis, source } = this;
    const forks = forksIn(parsed.program, {
      source,
      conditions,
      nameOf: (node) => analysis.table.infos.get(node)?.name ?? '',
      hasSite: (node) =>
        analysis.sites.some(({ node: { start } }) => node.start <= start && start < node.end),
      explain,
    });
    return forks.map(({ test, rest, among, first, ...fork }, index) => {
      const id = `${module.name}:c${index}`;
      const note = (node: Node, call: 'test' | 'unless'): void => {
        const [open, close] = node.type === 'SequenceExpression' ? ['(', ')'] : ['', ''];
        this.edits.wrap(node, `${this.kit}.${call}('${id}', ${open}`, `${close})`, 4);
      };
      if (test) note(test, 'test');
      if (among) note(among, 'unless');
      if (first) this.edits.atStart(first.start, `${this.kit}.test('${id}', true); `);
      const [decided, later] = [test, rest].map((node) => node && conditions.conditionOf(node));
      const when = optional(places.get((test ?? first)!)!.when, decided);
      return { id, file: module.file, ...fork, when, decided: decided!, rest: later! };
    });
  }

  private openFrame({ node }: FunctionInfo): void {
    const body = node?.body;
    if (body?.type !== 'BlockStatement') return;
    const { kit, frame } = this;
    this.edits.atStart(openingOf(body), ` const ${frame} = ${kit}.enter(); try {`);
    this.edits.atEnd(body.end - 1, `} finally { ${kit}.leave(${frame}); } `);
  }

  private record(site: YieldSite): void {
    const { node, fn, statement } = site;
    const id = `${this.module.name}:${this.sites.length}`;
    const live = liveAt(site);
    const temps = (live?.pending ?? []).flatMap((operand) => this.temporaries.hold(operand, fn));
    const values = [...(live?.names ?? []), ...temps];
    const { file, library } = this.module;
    this.sites.push({
      id,
      file,
      ...position(this.source, node.start),
      library,
      fn: fn.name || '(anonymous)',
      text: headline(this.source, statement),
      names: values.map((value) => value.replace(/^.*\.temps\[(\d+)\]$/, '$$$1')),
    });
    const at = `${this.kit}.at(${this.frame}, ${JSON.stringify(id)}, `;
    const read = live ? `() => [${values.join(', ')}]` : 'null';
    if (node.argument) this.edits.wrap(node.argument, at, `, ${read})`, 5);
    else this.edits.atStart(node.end, ` ${at}undefined, ${read})`);
  }

  /** Registers function declarations where their block begins; gives the text for the module's. */
  private registerDeclarations(): string {
    let own = '';
    for (const { info, scope, block } of this.analysis.functions) {
      const { node } = info;
      if (node?.type !== 'FunctionDeclaration' || !node.id || scope.kind === 'switch') continue;
      const text = ` ${this.kit}.fn(${this.idOf(info)}, ${node.id.name}, ${this.identity(info)});`;
      if (block.type === 'Program') own += text;
      else this.edits.atStart(openingOf(block), text);
    }
    return own;
  }

  private registerExpressions(): void {
    for (const { info, fixed } of this.analysis.functions) {
      const { node } = info;
      if (!node || fixed || node.type === 'FunctionDeclaration') continue;
      this.registered.push(info);
      const open = `${this.kit}.fn(${this.idOf(info)}, `;
      this.edits.wrap(node, open, `, ${this.identity(info)})`, 1);
    }
  }

  /** Methods, in literals where their names are certain to mean them. */
  private registerMethods(literal: ObjectLiteral): void {
    const rows: string[] = [];
    const infos: FunctionInfo[] = [];
    const names = new Set<string>();
    for (const property of literal.properties) {
      if (property.type !== 'Property' || property.computed || property.kind !== 'init') return;
      const { key, value } = property;
      const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? key.value : null;
      if (typeof name !== 'string' || names.has(name)) return;
      names.add(name);
      const info =
        property.method && value.type === 'FunctionExpression'
          ? this.analysis.table.infos.get(value)
          : undefined;
      if (!info) continue;
      infos.push(info);
      rows.push(`[${this.idOf(info)}, ${JSON.stringify(name)}, ${this.values(info)}]`);
    }
    if (rows.length === 0) return;
    this.registered.push(...infos);
    this.edits.wrap(literal, `${this.kit}.methods(`, `, [${rows.join(', ')}])`, 1);
  }

  /** As a literal. */
  private idOf(info: FunctionInfo): string {
    return JSON.stringify(this.ids.get(info));
  }

  /** The last arguments of a registration. */
  private identity(info: FunctionInfo): string {
    return `${this.values(info)}, ${JSON.stringify(info.name)}`;
  }

  private values(info: FunctionInfo): string {
    const names = captures(info);
    if (!names) return 'null';
    return names.length > 0 ? `() => [${names.join(', ')}]` : `${this.kit}.none`;
  }

  /** A step that is made but not yielded would be left out without a word. */
  private mustRun(call: Node): void {
    const { line } = position(this.source, call.start);
    const text = this.source.slice(call.start, call.end).replace(/\s+/g, ' ');
    const place = JSON.stringify(`${this.module.file}:${line}: ${text}`);
    this.edits.wrap(call, `${this.kit}.used(`, `, ${place})`, 2);
  }

  /** Counts the rounds of a loop, so that one without an operation does not run for ever. */
  private limit(loop: LoopNode): void {
    const { line } = position(this.source, loop.start);
    const tick = ` ${this.kit}.tick(${JSON.stringify(`${this.module.file}:${line}`)});`;
    if (loop.body.type === 'BlockStatement') this.edits.atStart(openingOf(loop.body), tick);
    else this.edits.wrap(loop.body, `{${tick} `, ' }', 8);
  }
}

function unused(stem: string, source: string): string {
  let name = stem;
  while (source.includes(name)) name += '$';
  return name;
}
