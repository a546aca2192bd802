/** A bar from 0 to 1; `label` is what screen readers say. */
export function Progress({ value, label, tone = "accent" }: { value: number; label: string; tone?: "accent" | "bad" | "warn" | "good" }) {
  const percent = Math.min(100, Math.max(0, value * 100));
  const colors = { accent: "bg-accent", bad: "bg-bad", warn: "bg-warn", good: "bg-good" };
  return (
    <div role="progressbar" aria-label={label} aria-valuenow={Math.round(percent)} aria-valuemin={0} aria-valuemax={100} className="h-1.5 w-full overflow-hidden rounded-full bg-sunken">
      <div className={`h-full rounded-full transition-[width] duration-300 ${colors[tone]}`} style={{ width: `${percent}%` }} />
    </div>
  );
}
