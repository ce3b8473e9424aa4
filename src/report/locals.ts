/**
 * The locals of a step that tell something: not a handle in a variable of its own name, nor one that has no value yet, nor the word
 * that spin_lock_irqsave gives to be handed back.
 */
export function tellingLocals(
  locals: Readonly<Record<string, string>>,
): [name: string, value: string][] {
  return Object.entries(locals).filter(
    ([name, value]) =>
      !name.startsWith('$') &&
      name !== value &&
      value !== '' &&
      !(/flags$/.test(name) && /^(true|false)$/.test(value)),
  );
}
