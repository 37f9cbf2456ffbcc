/** Numbers as the page writes them. Units are part of the text; digits are chosen so that columns of them can be compared. */

const SI = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'];

/** 1.25M, 830, 4.1k: decimal prefixes, three significant digits. */
export function formatCount(value: number): string {
  return scaled(value, 1000, SI);
}

/** The same without trailing zeros, for axes: 50k, 1.5M. */
export function formatTick(value: number): string {
  return formatCount(value)
    .replace(/(\.\d*?)0+(?=\D|$)/, '$1')
    .replace(/\.(?=\D|$)/, '');
}

/** Multiples of 1,024: 12.4 MiB. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** 3.41 TFLOP, with the prefix that fits. */
export function formatFlops(flops: number): string {
  return scaled(flops, 1000, [' FLOP', ' kFLOP', ' MFLOP', ' GFLOP', ' TFLOP', ' PFLOP', ' EFLOP', ' ZFLOP']);
}

/** Whole numbers with separators: 1,048,576. */
export function formatInteger(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 42 s, 3 min 20 s, 2 h 05 min. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  if (whole < 1) return '< 1 s';
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Three significant digits, zeros kept, so that a column of rates can be compared: 0.0420, 8.30, 125, 1,250. */
export function formatSignificant(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 999.5 ? formatInteger(value) : value.toPrecision(3);
}

/** 0.0420 ms, 8.31 ms, 1,250 ms: one unit, so that kernels can be compared. */
export function formatMilliseconds(ms: number): string {
  return `${formatSignificant(ms)} ms`;
}

/** A loss in nats: four decimals, so that runs can be told apart. */
export function formatLoss(loss: number | undefined): string {
  return loss === undefined || !Number.isFinite(loss) ? '–' : loss.toFixed(4);
}

export function formatPercent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** A signed difference: +0.012, −0.340. */
export function formatDifference(value: number, digits = 3): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

/** Three significant digits without trailing noise: 0.123, 45.6, 1.2e6. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  if (value !== 0 && (magnitude >= 1e6 || magnitude < 1e-3)) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(magnitude >= 100 ? 4 : 3)));
}

/** Eight significant digits, for tables that are read by people and programs alike. */
export function formatExact(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : '–';
}

function scaled(value: number, base: number, units: readonly string[]): string {
  if (!Number.isFinite(value)) return '–';
  let power = 0;
  let rest = Math.abs(value);
  while (rest >= base * 0.9995 && power < units.length - 1) {
    rest /= base;
    power++;
  }
  const digits = rest >= 100 || (power === 0 && Number.isInteger(rest)) ? 0 : rest >= 10 ? 1 : 2;
  return `${value < 0 ? '−' : ''}${rest.toFixed(digits)}${units[power]}`;
}
