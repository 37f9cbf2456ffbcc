export async function devices(): Promise<number> {
  return 1;
}
