export async function plan(): Promise<number> {
  return 1;
}
