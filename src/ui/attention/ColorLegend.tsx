import { changeColor, LOG_DECADES, type MassScale, massColor, type Rgb } from './colorMap';

interface ColorLegendProps {
  mode: 'mass' | 'change';
  scale: MassScale;
  limit: number;
}

/** The colour scale with its ends named; the same functions colour the cells. */
export function ColorLegend({ mode, scale, limit }: ColorLegendProps) {
  const colors = Array.from({ length: 24 }, (_, i) => css(colorAt(i / 23)));
  const ends = mode === 'change' ? [`−${limit}`, `+${limit}`] : [scale === 'log' ? `≤ ${10 ** -LOG_DECADES}` : '0', '1'];
  return (
    <div className="color-legend" aria-hidden="true">
      <span>{ends[0]}</span>
      <span className="color-ramp" style={{ background: `linear-gradient(to right, ${colors.join(',')})` }} />
      <span>{ends[1]}</span>
      <span className="muted">{mode === 'change' ? 'change of mass since the first record' : `attention mass, ${scale}`}</span>
    </div>
  );

  function colorAt(t: number): Rgb {
    if (mode === 'change') return changeColor((t * 2 - 1) * limit, limit);
    return massColor(scale === 'log' ? 10 ** ((t - 1) * LOG_DECADES) : t, scale);
  }
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
