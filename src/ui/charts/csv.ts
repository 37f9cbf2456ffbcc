export type Cell = string | number;

export interface TableData {
  columns: string[];
  rows: Cell[][];
}

/** RFC 4180: numbers in full precision, text quoted where it must be. */
export function toCsv({ columns, rows }: TableData): string {
  const cell = (value: Cell) =>
    typeof value === 'string' && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value);
  return `${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** Hands a text to the visitor as a file. */
export function download(fileName: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: url, download: fileName });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
