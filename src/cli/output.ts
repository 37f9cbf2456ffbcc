/** Progress and tables for people: standard error under --json, so that standard output holds one value. */
export function createOutput(json: boolean) {
  const people = json ? process.stderr : process.stdout;
  return {
    line: (text = '') => void people.write(`${text}\n`),
    /** Rewrites one line on a terminal; silent elsewhere. */
    progress: (text: string) => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`)),
    endProgress: () => void (process.stderr.isTTY && process.stderr.write('\r\x1b[K')),
    /** The command's value, printed only under --json. */
    value: (value: unknown) => void (json && process.stdout.write(`${JSON.stringify(value)}\n`)),
    table: (rows: readonly (readonly string[])[]) => {
      const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
      for (const row of rows)
        people.write(
          `${row
            .map((cell, i) => cell.padEnd(widths[i]))
            .join('  ')
            .trimEnd()}\n`,
        );
    },
  };
}

export type Output = ReturnType<typeof createOutput>;
