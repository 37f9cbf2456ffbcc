/** Aborts at the first Ctrl-C, saying what follows; the second ends the process. */
export function onInterrupt(what: string): AbortSignal {
  const abort = new AbortController();
  process.once('SIGINT', () => {
    abort.abort();
    process.stderr.write(`\n${what}; Ctrl-C again to quit at once\n`);
  });
  return abort.signal;
}
