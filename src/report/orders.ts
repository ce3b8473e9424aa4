import type { Order } from '../explore/explain.ts';
import type { StepRecord } from '../explore/outcome.ts';
import { readerOf } from './change.ts';

/** The orders that matter, in the same words and under the same letters wherever they are told. */

export function letterOf(order: number): string {
  return 'ABC'[order] ?? '*';
}

/** Letters of the orders that a step is in. */
export function lettersAt(orders: readonly Pair[], step: number): string {
  return orders
    .flatMap(({ first, then }, i) => (first === step || then === step ? [letterOf(i)] : []))
    .join('');
}

type Pair = Pick<Order, 'first' | 'then'>;
type Told = Pair & Pick<Order, 'thread' | 'object' | 'holds'>;
type Steps = readonly Pick<StepRecord, 'text' | 'waits'>[];

/** A step that a text speaks of, for those who can make a link of it. */
export interface Mention {
  readonly step: number;
  readonly text: string;
}

/** `if 33 store(root.dying, true) came before 12 load(root.dying), this would hold in the run tried` */
export function orderText(order: Told, steps: Steps): string {
  return textOf(orderParts(order, steps), ({ step, text }) => `${step} ${text}`.trim());
}

/** The same by numbers of steps only. */
export function briefOrderText(order: Told, steps: Steps): string {
  return textOf(orderParts(order, steps), ({ step }) => `step ${step}`);
}

function textOf(parts: readonly (string | Mention)[], told: (mention: Mention) => string): string {
  return parts.map((part) => (typeof part === 'string' ? part : told(part))).join('');
}

export function orderParts(order: Told, steps: Steps): (string | Mention)[] {
  const { first, then, thread, holds } = order;
  // However things went on from there, or as they did.
  const where = holds === 'always' ? '' : ' in the run tried';
  const mention = (step: number): Mention => ({ step, text: steps[step - 1]?.text ?? '' });
  const waits = steps.at(-1)?.waits.find((wait) => wait.thread === thread)?.text ?? '';
  // Who stands still for a handler waits for no operation.
  const [op, comma] = waits.includes('(') ? [`${waits}, which`, ','] : ['what', ''];
  const [later, text] =
    then === null
      ? [`${op} ${thread} waits to do${comma}`, waits]
      : [mention(then), mention(then).text];
  const shared = [mention(first).text, text].every((each) => names(each, order.object))
    ? ''
    : ` (both touch ${objectText(order.object)})`;
  return ['if ', later, ' came before ', mention(first), `, this would hold${where}${shared}`];
}

/** Whether the object is an argument of the statement. */
function names(statement: string, object: string): boolean {
  return statement.split(/[\s(),]+/).includes(object);
}

function objectText(object: string): string {
  const reader = readerOf(object);
  return reader === null ? object : `${reader} as an RCU reader`;
}
