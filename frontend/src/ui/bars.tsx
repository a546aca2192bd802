import { t } from "@/lib/text";

type Part = { name: string; value: number; tone: "accent" | "warn" | "good" | "muted" };
export type Bar = { name: string; parts: Part[] };

const TONES = { accent: "bg-accent", warn: "bg-warn", good: "bg-good", muted: "bg-muted" };

/** Stacked bars side by side; the figures are there as text too. */
export function Bars({ label, rows, format }: { label: string; rows: Bar[]; format: (value: number) => string }) {
  const total = (bar: Bar) => bar.parts.reduce((sum, part) => sum + part.value, 0);
  const most = Math.max(1, ...rows.map(total));
  const legend = rows[0]?.parts ?? [];
  if (rows.length === 0) return <p className="text-sm text-muted">{t`Nothing yet.`}</p>;
  return (
    <figure aria-label={label} className="flex flex-col gap-3">
      <ul className="flex flex-col gap-2.5">
        {rows.map((bar) => (
          <li key={bar.name} className="flex flex-col gap-1">
            <p className="flex justify-between gap-3 text-sm">
              <span className="truncate">{bar.name}</span>
              <span className="shrink-0 text-muted tabular-nums">{format(total(bar))}</span>
            </p>
            <div className="flex h-2 overflow-hidden rounded-full bg-sunken" title={bar.parts.map((part) => `${part.name}: ${format(part.value)}`).join(", ")}>
              {bar.parts.map((part) => (
                <div key={part.name} className={TONES[part.tone]} style={{ width: `${(100 * part.value) / most}%` }} />
              ))}
            </div>
          </li>
        ))}
      </ul>
      {legend.length > 1 && (
        <figcaption className="flex flex-wrap gap-4 text-xs text-muted">
          {legend.map((part) => (
            <span key={part.name} className="inline-flex items-center gap-1.5">
              <span className={`size-2 rounded-full ${TONES[part.tone]}`} aria-hidden /> {part.name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
