/** What is left of a list when each element of the other was taken out once. */
export function without(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((element) => {
    const at = rest.indexOf(element);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
