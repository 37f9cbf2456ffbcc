export async function probe(): Promise<number> {
  return 1;
}
