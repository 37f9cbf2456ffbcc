export async function evaluate(): Promise<number> {
  return 1;
}
