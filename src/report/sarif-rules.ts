import type { ReportingDescriptor } from 'sarif';
import { isNamedAfter, RULES } from '../model/rules.ts';
import type { Finding } from './check.ts';

/** The rule that a finding falls under: the kernel's, or else what kind of property of the spec's own. */
export function ruleOf(finding: Finding): ReportingDescriptor {
  const { what, kind, property } = finding;
  if (what === 'expected, but holds' || what === 'expected, not found so far') {
    return own('expected-violation-missing');
  }
  if (what === 'incomplete' || what === 'fixed' || what === 'stale' || what === 'damaged') {
    return own(what);
  }
  if (what === 'no longer possible') return own('no-longer-possible');
  if (what === 'weakened' || what === 'drift') return own(what);
  if (what === 'refused') return own('refused-receipt');
  for (const [tool, rules] of Object.entries<readonly string[]>(RULES)) {
    const rule = rules.find((each) => isNamedAfter(property ?? '', each));
    if (rule && (kind === null || kind === 'rule')) return ofKernel(rule, tool);
  }
  return own(kind === null || kind === 'rule' ? 'property' : kind);
}

const howToReplay =
  'The schedule is in the code flow of the result, one thread flow for each thread, and in the trace ' +
  "that was kept: 'lockstep replay-trace' walks through it.";

function ofKernel(rule: string, tool: string): ReportingDescriptor {
  const words = rule.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return descriptor(
    words.join('-'),
    rule,
    `Some interleaving of the spec's threads makes what the kernel reports as '${rule}' (${tool}).`,
  );
}

const owned = {
  always: ['an invariant is broken', 'Some reachable state breaks an `always` of the spec.'],
  atEnd: ['broken in the end', 'Some final state breaks an `atEnd` of the spec, or there is none.'],
  sometimes: ['no witness', 'No reachable state is a witness for a `sometimes` of the spec.'],
  never: ['must never be reported', 'Some step gives a report that a `never` of the spec names.'],
  assert: ['an assertion fails', 'Some interleaving makes an assertion inside a thread fail.'],
  property: ['a property is broken', 'Some interleaving breaks a property of the spec.'],
  'expected-violation-missing': [
    'an expected violation was not found',
    'A variant states which properties it breaks; one of these was not seen to break.',
  ],
  incomplete: [
    'the search was not complete',
    'A limit ended the search before it could tell: nothing is verified.',
  ],
  'no-longer-possible': [
    'a kept trace is no longer possible',
    'A thread of a kept trace waits at one of its steps, or does something else there.',
  ],
  fixed: [
    'a kept trace does not break its property',
    'All steps of a kept trace are possible, and do not break the property any more.',
  ],
  stale: [
    'a kept trace is stale',
    'What a kept trace was recorded of has changed, so that its steps say nothing: record it again.',
  ],
  damaged: [
    'a kept trace is damaged',
    'A kept trace does not fit the spec that it was recorded with.',
  ],
  weakened: [
    'a claim was weakened',
    'A variant claims less than its receipt says that it did, which makes it easier to pass.',
  ],
  'refused-receipt': [
    'a receipt is refused',
    'A receipt was edited or is damaged, or does not say what a re-run does.',
  ],
  drift: [
    'the C changed, and its model did not',
    'A function of the C that a spec models is not what it was when the spec was written after it.',
  ],
} as const;

function own(id: keyof typeof owned): ReportingDescriptor {
  const [short, full] = owned[id];
  return descriptor(id, short, full);
}

function descriptor(id: string, short: string, full: string): ReportingDescriptor {
  return {
    id,
    shortDescription: { text: short },
    fullDescription: { text: full },
    help: { text: `${full} ${howToReplay}` },
    defaultConfiguration: { level: 'error' },
  };
}
